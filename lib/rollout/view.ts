import type { LogRef } from '../kube/logs.ts';
import type { Deployment, Event, Pod, ReplicaSet } from '../kube/wire.ts';
import { RELEASE } from '../release/labels.ts';
import type { Release } from '../release/types.ts';

/** All that a verdict is made from: the cluster's objects of one app at one time. */
export interface View {
  release: Release;
  /** Of the claim that rolls the release out. */
  fence: number;
  /** Undefined where the cluster has none. */
  deployment?: Deployment;
  /** Of the app, old and new. */
  replicaSets: readonly ReplicaSet[];
  pods: readonly Pod[];
  /** Of the namespace. */
  events: readonly Event[];
  /** Log tails that were fetched as evidence, by `logKey`. */
  logs: ReadonlyMap<string, readonly string[]>;
  now: Date;
}

export function logKey({ pod, container, run }: LogRef): string {
  return `${pod}/${container}/${run}`;
}

/** Number of the release that wrote the Deployment last. */
export function releaseNumber(deployment: Deployment): number {
  return Number(deployment.metadata?.annotations?.[RELEASE] ?? 0) || 0;
}

const REVISION = 'deployment.kubernetes.io/revision';

/** The ReplicaSet of the Deployment's present template: the one that carries the Deployment's own revision. */
export function currentReplicaSet({ deployment, replicaSets }: View): ReplicaSet | undefined {
  const revision = deployment?.metadata?.annotations?.[REVISION];
  const uid = deployment?.metadata?.uid;
  return replicaSets.find(
    ({ metadata }) =>
      metadata?.annotations?.[REVISION] === revision &&
      metadata?.ownerReferences?.some((owner) => owner.uid === uid),
  );
}

/** Pods of the present template that are not being deleted. */
export function currentPods(view: View): Pod[] {
  const uid = currentReplicaSet(view)?.metadata?.uid;
  if (uid === undefined) return [];
  return view.pods.filter(
    ({ metadata }) =>
      metadata?.deletionTimestamp === undefined &&
      metadata?.ownerReferences?.some((owner) => owner.uid === uid),
  );
}

/** Warnings about one object, the latest last. */
export function warningsOf(view: View, uid: string | undefined): Event[] {
  return view.events
    .filter(({ type, involvedObject }) => type === 'Warning' && involvedObject?.uid === uid)
    .sort((a, b) => timeOf(a) - timeOf(b));
}

function timeOf({ lastTimestamp, eventTime, metadata }: Event): number {
  return Date.parse(String(lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? 0));
}

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Milliseconds since the epoch; the cluster's times are whole seconds. */
export function startOf({ release }: View): number {
  return Math.floor(Date.parse(release.createdAt) / 1000) * 1000;
}
