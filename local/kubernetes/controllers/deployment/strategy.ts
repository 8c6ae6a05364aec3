import type { Deployment, ReplicaSet } from '../types.ts';

/** How many pods more and fewer than wanted there may be during a rollout. */
export interface Bounds {
  maxSurge: number;
  maxUnavailable: number;
}

/**
 * The bounds as numbers of pods: percentages of surge are rounded up, of unavailability down, and when both come out
 * as 0 one pod may be missing, as nothing could move otherwise. Source: Kubernetes `ResolveFenceposts`.
 */
export function boundsOf(deployment: Deployment): Bounds {
  if (deployment.spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const replicas = wanted(deployment);
  const surge = resolve(maxSurge, replicas, Math.ceil);
  const unavailable = resolve(maxUnavailable, replicas, Math.floor);
  const floor = surge === 0 && unavailable === 0 ? 1 : unavailable;
  return { maxSurge: surge, maxUnavailable: Math.min(floor, replicas) };
}

export function wanted({ spec }: Deployment | ReplicaSet): number {
  return spec.replicas ?? 1;
}

export function available({ status }: ReplicaSet): number {
  return status?.availableReplicas ?? 0;
}

export function sum(replicaSets: readonly ReplicaSet[], of: (each: ReplicaSet) => number): number {
  return replicaSets.reduce((total, each) => total + of(each), 0);
}

function resolve(value: number | string, whole: number, round: (number: number) => number): number {
  if (typeof value === 'number') return value;
  return value.endsWith('%') ? round((whole * Number.parseInt(value, 10)) / 100) : Number(value);
}
