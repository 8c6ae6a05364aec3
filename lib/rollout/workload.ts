import type { DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet } from '../kube/wire.ts';
import { isLeaving, isOwnedBy, isReady, msOf, type Part, type WorkloadView } from './view.ts';

const REVISION = 'deployment.kubernetes.io/revision';
/** On pods of a StatefulSet or DaemonSet: which state of its template they were made by. */
const HASH = 'controller-revision-hash';

/** How many pods a workload is to have, as far as the cluster says. */
export function wantedOf(workload: WorkloadView): number {
  if (workload.kind === 'DaemonSet') return workload.live?.status?.desiredNumberScheduled ?? 0;
  return workload.live?.spec?.replicas ?? 1;
}

/** Whether the cluster's controller has taken up the last change. */
export function isObserved({ live }: WorkloadView): boolean {
  return isTakenUp(live ?? {});
}

/** The same of any object that counts its generations. */
export function isTakenUp(object: {
  metadata?: { generation?: number };
  status?: { observedGeneration?: number };
}): boolean {
  return (object.status?.observedGeneration ?? 0) >= (object.metadata?.generation ?? 0);
}

/**
 * Whether every pod is of the present template, and serves, as `kubectl rollout status` says it. A workload whose pods
 * somebody replaces by hand (`OnDelete`) is complete when all of them serve.
 */
export function isComplete(workload: WorkloadView): boolean {
  if (workload.live === undefined || !isObserved(workload)) return false;
  switch (workload.kind) {
    case 'Deployment':
      return isDeploymentComplete(workload.live, wantedOf(workload));
    case 'StatefulSet':
      return isStatefulSetComplete(workload.live, wantedOf(workload));
    case 'DaemonSet':
      return isDaemonSetComplete(workload.live);
  }
}

function isDeploymentComplete({ status }: Deployment, wanted: number): boolean {
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
  return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
}

function isStatefulSetComplete({ spec, status }: StatefulSet, wanted: number): boolean {
  const {
    replicas = 0,
    readyReplicas = 0,
    updatedReplicas = 0,
    currentRevision,
    updateRevision,
  } = status ?? {};
  if (replicas !== wanted || readyReplicas !== wanted) return false;
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return true;
  const partition = rollingUpdate?.partition ?? 0;
  if (partition > 0) return updatedReplicas >= wanted - partition;
  // With every pod replaced, the controller takes another look before it calls the new revision the current one.
  return wanted === 0 || (updatedReplicas === wanted && currentRevision === updateRevision);
}

function isDaemonSetComplete({ spec, status }: DaemonSet): boolean {
  const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status ?? {};
  if (spec?.updateStrategy?.type === 'OnDelete') return numberAvailable >= desiredNumberScheduled;
  return updatedNumberScheduled >= desiredNumberScheduled && numberAvailable >= desiredNumberScheduled;
}

/** The ReplicaSet of a Deployment's present template: the one that carries the Deployment's own revision. */
export function currentReplicaSet(workload: WorkloadView): ReplicaSet | undefined {
  if (workload.kind !== 'Deployment') return undefined;
  const { live, replicaSets } = workload;
  const revision = live?.metadata?.annotations?.[REVISION];
  return replicaSets.find(
    (one) => one.metadata?.annotations?.[REVISION] === revision && isOwnedBy(one, live?.metadata?.uid),
  );
}

/** Pods of the present template that are not being deleted. */
export function currentPods({ workload, pods }: Part): Pod[] {
  const staying = pods.filter((pod) => !isLeaving(pod));
  if (workload.kind === 'Deployment') {
    const uid = currentReplicaSet(workload)?.metadata?.uid;
    return staying.filter((pod) => isOwnedBy(pod, uid));
  }
  const own = staying.filter((pod) => isOwnedBy(pod, workload.live?.metadata?.uid));
  const hash =
    workload.kind === 'StatefulSet' ? workload.live?.status?.updateRevision : newestHash(workload, own);
  return own.filter(({ metadata }) => hash !== undefined && metadata?.labels?.[HASH] === hash);
}

/** A DaemonSet does not say which revision is its present one; the pods that it made last are of it. */
function newestHash({ live }: { live?: DaemonSet }, pods: readonly Pod[]): string | undefined {
  if ((live?.status?.updatedNumberScheduled ?? 0) === 0) return undefined;
  const created = ({ metadata }: Pod) => msOf(metadata?.creationTimestamp);
  return [...pods].sort((a, b) => created(a) - created(b)).at(-1)?.metadata?.labels?.[HASH];
}

/** How many of the new pods serve. */
export function readyOf(part: Part): number {
  return part.workload.kind === 'Deployment'
    ? (currentReplicaSet(part.workload)?.status?.readyReplicas ?? 0)
    : currentPods(part).filter(isReady).length;
}
