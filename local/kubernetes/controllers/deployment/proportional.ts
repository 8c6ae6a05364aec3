import type { Deployment, ReplicaSet } from '../types.ts';
import type { Scaling } from './rolling.ts';
import { available, boundsOf, sum, wanted } from './strategy.ts';

/** Annotations of a ReplicaSet: the Deployment's size when it was scaled last, without and with the surge. */
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maximumAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Whether the Deployment's own size changed since its ReplicaSets were scaled last. */
export function isResized(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  return replicaSets.some((each) => {
    const desired = each.metadata.annotations?.[desiredAnnotation];
    return wanted(each) > 0 && desired !== undefined && Number(desired) !== wanted(deployment);
  });
}

/**
 * Brings the ReplicaSets to the Deployment's size: the active one, or in the middle of a rollout all of them in
 * proportion, so that a risk that is taken stays the same. Source: Kubernetes `deployment/sync.go`, `scale`.
 * @param old oldest first
 */
export function planResize(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Scaling[] {
  const goal = wanted(deployment);
  const all = current ? [...old, current] : [...old];
  const active = all.filter((each) => wanted(each) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.at(-1);
    return only && wanted(only) !== goal ? [{ replicaSet: only, replicas: goal }] : [];
  }
  if (current && wanted(current) === goal && available(current) === goal)
    return active.filter((each) => each !== current).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  if (deployment.spec.strategy?.type === 'Recreate') return [];
  return spread(deployment, active);
}

function spread(deployment: Deployment, active: readonly ReplicaSet[]): Scaling[] {
  const goal = wanted(deployment);
  const allowed = goal > 0 ? goal + boundsOf(deployment).maxSurge : 0;
  const toAdd = allowed - sum(active, wanted);
  const age = toAdd > 0 ? -1 : 1; // what is added goes to the newest, what is taken comes from the oldest
  const bySize = [...active].sort(
    (a, b) =>
      wanted(b) - wanted(a) || (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -age : age),
  );
  let left = toAdd;
  const sizes = bySize.map((replicaSet) => {
    const share = toAdd === 0 ? 0 : fraction(replicaSet, deployment, allowed);
    const part = toAdd > 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
    left -= part;
    return { replicaSet, replicas: wanted(replicaSet) + part };
  });
  const [first] = sizes;
  if (first) first.replicas = Math.max(0, first.replicas + left);
  return sizes;
}

function fraction(replicaSet: ReplicaSet, deployment: Deployment, allowed: number): number {
  if (wanted(deployment) === 0) return -wanted(replicaSet);
  const noted = Number(replicaSet.metadata.annotations?.[maximumAnnotation]);
  const before = noted || deployment.status?.replicas || wanted(replicaSet);
  return Math.round((wanted(replicaSet) * allowed) / before) - wanted(replicaSet);
}
