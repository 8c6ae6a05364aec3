import type { Deployment, ReplicaSet } from '../types.ts';
import { available, boundsOf, sum, wanted } from './strategy.ts';

/** A ReplicaSet and the number of pods that it shall have from now on. */
export interface Scaling {
  replicaSet: ReplicaSet;
  replicas: number;
}

/**
 * The next steps of a rolling update: first the new ReplicaSet grows as far as the surge allows, and when it may not,
 * the old ones shrink as far as enough pods stay available. Source: Kubernetes `deployment/rolling.go`.
 * @param old oldest first
 */
export function planRolling(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): Scaling[] {
  const grown = newReplicas(deployment, current, old);
  if (grown !== wanted(current)) return [{ replicaSet: current, replicas: grown }];
  return planShrinking(deployment, current, old);
}

/** How many pods the new ReplicaSet may have now. */
export function newReplicas(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): number {
  const goal = wanted(deployment);
  const now = current ? wanted(current) : 0;
  if (now >= goal) return goal;
  const room = goal + boundsOf(deployment).maxSurge - now - sum(old, wanted);
  return now + Math.max(0, Math.min(room, goal - now));
}

function planShrinking(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const minAvailable = wanted(deployment) - boundsOf(deployment).maxUnavailable;
  const all = wanted(current) + sum(old, wanted);
  const missing = wanted(current) - available(current);
  const sizes = new Map(old.map((each) => [each, wanted(each)]));
  // What does not serve goes first, however many of them: nobody misses it.
  let budget = all - minAvailable - missing;
  for (const each of old) {
    const idle = Math.max(0, Math.min(budget, wanted(each) - available(each)));
    budget -= idle;
    sizes.set(each, wanted(each) - idle);
  }
  let surplus = available(current) + sum(old, available) - minAvailable;
  for (const each of old) {
    const size = sizes.get(each) ?? 0;
    const share = Math.max(0, Math.min(surplus, size));
    surplus -= share;
    sizes.set(each, size - share);
  }
  return [...sizes]
    .filter(([replicaSet, replicas]) => replicas !== wanted(replicaSet))
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
}
