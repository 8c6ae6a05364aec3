import type { Deployment, DeploymentStatus, ReplicaSet } from '../types.ts';
import { withCondition } from './conditions.ts';
import type { Owned } from './plan.ts';
import { progressCondition } from './progress.ts';
import { available, boundsOf, sum, wanted } from './strategy.ts';

/**
 * The status that the ReplicaSets give. Source: Kubernetes `deployment/sync.go`, `calculateStatus`, and
 * `deployment/progress.go`.
 */
export function deploymentStatus(
  deployment: Deployment,
  { current, old }: Owned,
  now: Date,
): DeploymentStatus {
  const all = current ? [...old, current] : old;
  const replicas = sum(all, ({ status }) => status?.replicas ?? 0);
  const availableReplicas = sum(all, available);
  const counts = {
    replicas,
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(all, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(all, wanted) - availableReplicas),
  };
  const present = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  const status: DeploymentStatus = {
    ...(deployment.metadata.generation !== undefined && {
      observedGeneration: deployment.metadata.generation,
    }),
    ...present,
    conditions: deployment.status?.conditions ?? [],
  };
  const enough = availableReplicas >= wanted(deployment) - boundsOf(deployment).maxUnavailable;
  withCondition(status, now, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  });
  const progress = progressCondition(deployment, status, current, now);
  if (progress) withCondition(status, now, progress, 'touch');
  copyFailure(status, all, now);
  return status;
}

/** Pods that cannot be created, by a quota for example, show at the Deployment. */
function copyFailure(status: DeploymentStatus, all: readonly ReplicaSet[], now: Date): void {
  const failure = all
    .flatMap((each) => each.status?.conditions ?? [])
    .find(({ type, status: is }) => type === 'ReplicaFailure' && is === 'True');
  if (failure) withCondition(status, now, failure);
  else status.conditions = status.conditions?.filter(({ type }) => type !== 'ReplicaFailure') ?? [];
}
