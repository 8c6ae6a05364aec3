import type { Kube } from '../kube/client.ts';
import { Mirror } from '../kube/watch.ts';
import type { Event, Job, LiveObject, Pod, ReplicaSet } from '../kube/wire.ts';
import { identity } from '../release/labels.ts';
import type { Phase, Release, Workload } from '../release/types.ts';
import type { WorkloadView } from './view.ts';

/** The workloads of a phase, and how they are told from others. */
export type Followable = Pick<Phase, 'resources' | 'workloads'>;

/** Copies of everything that tells how a rollout goes; they follow the cluster from when they are made. */
export interface Followed {
  /** By kind, those of the phase. */
  workloads: ReadonlyMap<Workload['kind'], Mirror<LiveObject>>;
  /** Where there are Deployments. */
  replicaSets?: Mirror<ReplicaSet>;
  pods: Mirror<Pod>;
  /** Warnings about anything. */
  warnings: Mirror<Event>;
  /** What else is told of pods. It is welcome, and not waited for. */
  notes: Mirror<Event>;
}

/** The same of a job. */
export interface FollowedJob extends Pick<Followed, 'pods' | 'warnings' | 'notes'> {
  jobs: Mirror<Job>;
}

/** Who hears of every change, and that one of them cannot go on. */
export interface Follower {
  changed(): void;
  broken(error: unknown): void;
  signal: AbortSignal;
}

type Query = Record<string, string>;

/** Follows a phase of a release until the signal is aborted. */
export function follow(kube: Kube, release: Release, phase: Followable, follower: Follower): Followed {
  const { namespace } = release;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const pods = selectorOf(phase);
  const kinds = new Set(phase.workloads.map(({ kind }) => kind));
  return {
    workloads: new Map(
      [...kinds].map((kind) => [
        kind,
        mirror(kube, `${apps}/${kind.toLowerCase()}s`, namesQuery(release, phase, kind), follower),
      ]),
    ),
    ...(kinds.has('Deployment') && {
      replicaSets: mirror<ReplicaSet>(kube, `${apps}/replicasets`, pods, follower),
    }),
    ...told(kube, namespace, pods, follower),
  };
}

/** Follows a job of a release until the signal is aborted. */
export function followJob(kube: Kube, { namespace }: Release, name: string, follower: Follower): FollowedJob {
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  return {
    jobs: mirror<Job>(kube, jobs, { fieldSelector: `metadata.name=${name}` }, follower),
    ...told(kube, namespace, { labelSelector: `job-name=${name}` }, follower),
  };
}

function told(kube: Kube, namespace: string, pods: Query, follower: Follower) {
  const core = `/api/v1/namespaces/${namespace}`;
  const about = { fieldSelector: 'type=Normal,involvedObject.kind=Pod' };
  return {
    pods: mirror<Pod>(kube, `${core}/pods`, pods, follower),
    warnings: mirror<Event>(kube, `${core}/events`, { fieldSelector: 'type=Warning' }, follower),
    notes: mirror<Event>(kube, `${core}/events`, about, follower),
  };
}

function mirror<T extends LiveObject>(kube: Kube, path: string, query: Query, follower: Follower): Mirror<T> {
  const made = new Mirror<T>(kube, path, query, follower.changed);
  made.run(follower.signal).catch(follower.broken);
  return made;
}

/** One is asked for by its name, several by what all objects of the app carry. */
function namesQuery({ app, environment }: Release, { workloads }: Followable, kind: Workload['kind']): Query {
  const [one, ...others] = workloads.filter((workload) => workload.kind === kind);
  if (others.length === 0) return { fieldSelector: `metadata.name=${one?.name}` };
  return { labelSelector: text(Object.entries(identity(app, environment))) };
}

interface Selecting {
  selector?: { matchLabels?: Record<string, string> };
}

/** What the pods of all workloads of the phase have in common; none where that is nothing. */
function selectorOf({ resources, workloads }: Followable): Query {
  const own = resources.filter((resource) =>
    workloads.some(({ kind, name }) => kind === resource.kind && name === resource.metadata.name),
  );
  const [first = [], ...others] = own.map(({ spec }) =>
    Object.entries((spec as Selecting | undefined)?.selector?.matchLabels ?? {}),
  );
  const common = first.filter(([key, value]) =>
    others.every((labels) => labels.some(([theirs, given]) => theirs === key && given === value)),
  );
  return common.length === 0 ? {} : { labelSelector: text(common) };
}

function text(labels: [string, string][]): string {
  return labels.map(([key, value]) => `${key}=${value}`).join(',');
}

/** The phase's workloads as they are now. */
export function workloadViews({ workloads }: Followable, followed: Followed): WorkloadView[] {
  return workloads.map(({ kind, name }) => {
    const objects = [...(followed.workloads.get(kind)?.items.values() ?? [])];
    const live = objects.find(({ metadata }) => metadata?.name === name);
    const replicaSets = [...(followed.replicaSets?.items.values() ?? [])];
    return {
      kind,
      name,
      ...(live && { live }),
      ...(kind === 'Deployment' && { replicaSets }),
    } as WorkloadView;
  });
}

/** All that has to be known before a verdict. */
export function needed(followed: Followed | FollowedJob): Mirror<LiveObject>[] {
  const { pods, warnings } = followed;
  const own = 'jobs' in followed ? [followed.jobs] : [...followed.workloads.values(), followed.replicaSets];
  return [pods, warnings, ...own].filter((one) => one !== undefined) as Mirror<LiveObject>[];
}
