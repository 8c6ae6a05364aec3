import type { LogRef } from '../kube/logs.ts';
import type {
  DaemonSet,
  Deployment,
  Event,
  Job,
  LiveObject,
  Pod,
  ReplicaSet,
  StatefulSet,
} from '../kube/wire.ts';
import { RELEASE } from '../release/labels.ts';
import type { Release, Workload } from '../release/types.ts';

/** What every verdict is made from: the cluster's objects around one release at one time. */
export interface Facts {
  release: Release;
  /** Of the claim that rolls the release out. */
  fence: number;
  /** Those of the workloads or the job in question, old and new, and maybe others of the namespace. */
  pods: readonly Pod[];
  /** Of the namespace: all warnings, and what is told of pods. */
  events: readonly Event[];
  /** Log tails that were fetched as evidence, by `logKey`. */
  logs: ReadonlyMap<string, readonly string[]>;
  now: Date;
}

/** What the verdict on a phase is made from. */
export interface View extends Facts {
  /** All that has to be ready before the phase is done. */
  workloads: readonly WorkloadView[];
}

/** A workload as the cluster has it. */
export type WorkloadView = { name: string } & (
  | {
      kind: 'Deployment';
      /** Undefined where the cluster has none. */
      live?: Deployment;
      /** Its own, old and new, and maybe others. */
      replicaSets: readonly ReplicaSet[];
    }
  | { kind: 'StatefulSet'; live?: StatefulSet }
  | { kind: 'DaemonSet'; live?: DaemonSet }
);

/** One workload of a view. */
export interface Part extends Facts {
  workload: WorkloadView;
}

/** What the verdict on a job is made from. */
export interface JobView extends Facts {
  name: string;
  /** Undefined where the cluster has none. */
  job?: Job;
}

export function partsOf({ workloads, ...facts }: View): Part[] {
  return workloads.map((workload) => ({ ...facts, workload }));
}

/** As people know it: `Deployment web/web`. */
export function titleOf(release: Release, { kind, name }: Pick<Workload, 'name'> & { kind: string }): string {
  return `${kind} ${release.namespace}/${name}`;
}

export function logKey({ pod, container, run }: LogRef): string {
  return `${pod}/${container}/${run}`;
}

/** Number of the release that wrote the object last; 0 where it does not say. */
export function releaseNumber(object: LiveObject): number {
  return Number(object.metadata?.annotations?.[RELEASE] ?? 0) || 0;
}

export function isOwnedBy({ metadata }: LiveObject, uid: string | undefined): boolean {
  return uid !== undefined && (metadata?.ownerReferences ?? []).some((owner) => owner.uid === uid);
}

export function isLeaving({ metadata }: LiveObject): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** What is told of one object, the latest last. */
export function eventsOf({ events }: Facts, uid: string | undefined): Event[] {
  return events
    .filter(({ involvedObject }) => involvedObject?.uid === uid)
    .sort((a, b) => timeOf(a) - timeOf(b));
}

export function warningsOf(facts: Facts, uid: string | undefined): Event[] {
  return eventsOf(facts, uid).filter(({ type }) => type === 'Warning');
}

/** When it was told last, in milliseconds since the epoch. */
export function timeOf({ lastTimestamp, eventTime, metadata }: Event): number {
  return msOf(lastTimestamp ?? eventTime ?? metadata?.creationTimestamp);
}

/** A time of the cluster in milliseconds since the epoch; 0 where there is none. */
export function msOf(time: unknown): number {
  return Date.parse(String(time ?? '')) || 0;
}

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Milliseconds since the epoch; the cluster's times are whole seconds. */
export function startOf({ release }: Facts): number {
  return Math.floor(Date.parse(release.createdAt) / 1000) * 1000;
}
