import { fenceOf } from '../kube/owner.ts';
import type { Job, LiveObject } from '../kube/wire.ts';
import { RELEASE } from '../release/labels.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import { type Application, applyResources, type Stopped } from './apply.ts';
import type { Cluster } from './cluster.ts';
import { isOf, objectOf } from './inventory.ts';
import { recall } from './memory.ts';
import { podSpecOf } from './pod-spec.ts';
import { entriesOf, staleOf } from './prune.ts';
import { referencesIn } from './references.ts';
import type { JobVerdict } from './verdict.ts';

/** Follows the job of that name until it has ended, or its time is up. */
export type FollowJob = (name: string) => Promise<JobVerdict>;

/**
 * Runs the jobs of a release one after another, each to its end, after what they need was applied. One that has ended
 * is not run again. `done` when all have succeeded.
 * @throws FairleadError that is temporary
 */
export async function runJobs(application: Application, follow: FollowJob): Promise<JobVerdict | Stopped> {
  const { cluster, release } = application;
  for (const busy of await olderJobs(cluster, release)) {
    const ended = await follow(busy);
    // Whether it succeeded is the business of the release that it is of.
    if (ended.state === 'running' || ended.state === 'superseded') return ended;
  }
  for (const job of release.jobs) {
    const applied = await applyResources(application, [...groundsOf(job, release), job]);
    if (applied.outcome !== 'applied') return applied;
    const verdict = await follow(job.metadata.name);
    if (verdict.state !== 'done') return verdict;
  }
  return { state: 'done' };
}

/** What bounds everything in a namespace, jobs too: rights, quotas, and the walls around a fork's preview. */
const BOUNDS = ['Role', 'RoleBinding', 'ResourceQuota', 'LimitRange', 'NetworkPolicy'];

/** What a job needs of its release: what its pods refer to, the rights of its account, and what bounds it. */
export function groundsOf(job: KubernetesObject, { resources, namespace }: Release): KubernetesObject[] {
  const names = new Set(referencesIn(job, namespace).map(({ kind, name }) => `${kind} ${name}`));
  const { serviceAccountName, volumes = [] } = (podSpecOf(job) ?? {}) as {
    serviceAccountName?: string;
    volumes?: { persistentVolumeClaim?: { claimName: string } }[];
  };
  names.add(`ServiceAccount ${serviceAccountName ?? 'default'}`);
  for (const { persistentVolumeClaim: claim } of volumes)
    if (claim !== undefined) names.add(`PersistentVolumeClaim ${claim.claimName}`);
  return resources.filter(
    ({ kind, metadata }) => names.has(`${kind} ${metadata.name}`) || BOUNDS.includes(kind),
  );
}

/** Jobs of earlier releases that have not ended: their rollouts were given up for newer ones, and two do not mix. */
async function olderJobs(cluster: Cluster, release: Release): Promise<string[]> {
  const { entries } = await recall(cluster, release);
  const stale = staleOf(entries, entriesOf(release)).filter(({ kind }) => kind === 'Job');
  const found = await Promise.all(
    stale.map(async (entry) => {
      const object = objectOf(entry, release);
      const placed = await cluster.find(object, release.namespace);
      const live = placed && (await cluster.kube.find<Job>(placed.path.object));
      return live && isOf(live, object.metadata.labels) && isActive(live) ? [entry.name] : [];
    }),
  );
  return found.flat();
}

function isActive(job: Job): boolean {
  return !isEnded(job, 'Complete') && !isEnded(job, 'Failed') && !job.spec?.suspend;
}

function isEnded({ status }: Job, as: 'Complete' | 'Failed'): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === as && condition.status === 'True');
}

/** Whether `live` is as the release `number` has written it, as the claim `fence` or a later one. */
export function isWrittenBy(live: LiveObject | undefined, number: number, fence: number): boolean {
  if (live === undefined || fenceOf(live) < fence) return false;
  const { [RELEASE]: by } = live.metadata?.annotations ?? {};
  return by === undefined || by === String(number);
}
