import { fenceOf } from '../kube/owner.ts';
import type { LiveObject } from '../kube/wire.ts';
import { workloadsOf } from '../release/phases.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import type { Cluster, Placed } from './cluster.ts';
import type { RolloutAnswer } from './request.ts';
import { isLeaving, releaseNumber, titleOf } from './view.ts';

/** Not looked for: what can be made of a Secret may be less than its release says, and a namespace has rules of its own. */
const UNSEEN = ['Namespace', 'Secret'];

/**
 * Whether what a live release consists of is in the cluster, its workloads as it has written them. How their pods fare is
 * another question: one that moves to another node is not missing.
 * @throws KubeError where the cluster cannot be read
 */
export async function see(cluster: Cluster, release: Release, fence: number): Promise<RolloutAnswer> {
  const wanted = release.resources.filter(({ kind }) => !UNSEEN.includes(kind));
  const placed = await cluster.place(wanted, release.namespace);
  const found = await Promise.all(placed.map((one) => find(cluster, one)));
  const latest = Math.max(0, ...found.map(({ live }) => (live === undefined ? 0 : fenceOf(live))));
  if (latest > fence) return { state: 'superseded', by: latest };
  const missing = found.find(
    ({ resource, live }) => live === undefined || !isWritten(release, resource, live),
  );
  if (missing === undefined) return { state: 'seen' };
  const { kind, metadata } = missing.resource;
  return { state: 'seen', missing: titleOf(release, { kind, name: metadata.name }) };
}

async function find({ kube }: Cluster, { resource, path }: Placed) {
  const live = await kube.find<LiveObject>(path.object);
  return { resource, live: live && isLeaving(live) ? undefined : live };
}

/** What is no workload may be written by many: an account, a quota. */
function isWritten({ number }: Release, resource: KubernetesObject, live: LiveObject): boolean {
  return workloadsOf([resource]).length === 0 || releaseNumber(live) === number;
}
