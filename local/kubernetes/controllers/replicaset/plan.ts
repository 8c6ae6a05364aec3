import { isActive } from '../pods.ts';
import type { Pod, ReplicaSet } from '../types.ts';
import { byDeletionOrder } from './deletion-order.ts';

/** How to get from the pods that are there to the number that is wanted. */
export type ReplicaSetPlan =
  | { do: 'create'; count: number }
  | { do: 'delete'; pods: Pod[] }
  | { do: 'nothing' };

/** @param pods those that the ReplicaSet owns */
export function planReplicaSet(replicaSet: ReplicaSet, pods: readonly Pod[]): ReplicaSetPlan {
  if (replicaSet.metadata.deletionTimestamp) return { do: 'nothing' };
  const active = pods.filter(isActive);
  const missing = (replicaSet.spec.replicas ?? 1) - active.length;
  if (missing > 0) return { do: 'create', count: missing };
  if (missing < 0) return { do: 'delete', pods: active.sort(byDeletionOrder).slice(0, -missing) };
  return { do: 'nothing' };
}
