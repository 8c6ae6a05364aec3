import { isActive, readySince } from '../pods.ts';
import type { Condition, Pod, ReplicaSet, ReplicaSetStatus } from '../types.ts';

/**
 * Counts the pods. Available is a pod that has been ready for `minReadySeconds`.
 * @param failure why pods could not be created or deleted, if so
 * @returns the status, and when a pod becomes available by time alone, in milliseconds from now
 */
export function replicaSetStatus(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  failure: Condition | undefined,
  now: Date,
): { status: ReplicaSetStatus; againMs: number | undefined } {
  const active = pods.filter(isActive);
  const minReadyMs = 1_000 * (replicaSet.spec.minReadySeconds ?? 0);
  const waits = active
    .map(readySince)
    .filter((since) => since !== undefined)
    .map((since) => (minReadyMs === 0 ? 0 : Math.max(0, Date.parse(since) + minReadyMs - now.getTime())));
  const labels = Object.entries(replicaSet.spec.template.metadata?.labels ?? {});
  const counts = {
    fullyLabeledReplicas: active.filter(({ metadata }) =>
      labels.every(([key, value]) => metadata.labels?.[key] === value),
    ).length,
    readyReplicas: waits.length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
  };
  const present = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  const { generation } = replicaSet.metadata;
  const status: ReplicaSetStatus = {
    replicas: active.length,
    ...present,
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(failure && { conditions: [failure] }),
  };
  const next = waits.filter((wait) => wait > 0);
  return { status, againMs: next.length === 0 ? undefined : Math.min(...next) };
}
