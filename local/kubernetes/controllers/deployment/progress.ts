import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from '../types.ts';
import { conditionOf } from './conditions.ts';

/**
 * The Progressing condition to write now, or undefined when it stays as it is. Writing it again, with the same
 * content, starts the progress deadline anew.
 */
export function progressCondition(
  deployment: Deployment,
  status: DeploymentStatus,
  current: ReplicaSet | undefined,
  now: Date,
): Condition | undefined {
  const before = conditionOf(status, 'Progressing');
  const { paused } = deployment.spec;
  if (paused)
    return before?.reason === 'DeploymentPaused' || before?.reason === 'ProgressDeadlineExceeded'
      ? undefined
      : condition('Unknown', 'DeploymentPaused', 'Deployment is paused');
  if (before?.reason === 'DeploymentPaused')
    return condition('Unknown', 'DeploymentResumed', 'Deployment is resumed');
  const isDone = before?.reason === 'NewReplicaSetAvailable';
  if (isDone && (status.replicas ?? 0) === (status.updatedReplicas ?? 0)) return undefined;
  const who = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status))
    return condition('True', 'NewReplicaSetAvailable', `${who} has successfully progressed.`);
  if (hasProgressed(deployment.status, status))
    return condition('True', 'ReplicaSetUpdated', `${who} is progressing.`);
  if (before?.reason !== 'ProgressDeadlineExceeded' && (remainingMs(deployment, status, now) ?? 1) <= 0)
    return condition('False', 'ProgressDeadlineExceeded', `${who} has timed out progressing.`);
  // A ReplicaSet that was there already starts the deadline too.
  if (!before && current)
    return condition('True', 'FoundNewReplicaSet', `Found new replica set "${current.metadata.name}"`);
  return undefined;
}

/** Whether every wanted pod is of the current template and available, and no other is left. */
export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  const goal = spec.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === goal &&
    (status.replicas ?? 0) === goal &&
    (status.availableReplicas ?? 0) === goal &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

/**
 * Time until the progress deadline, in milliseconds; undefined when nothing is under way or it has no deadline.
 * Times are kept in whole seconds, so the deadline is up to one later than it says.
 */
export function remainingMs({ spec }: Deployment, status: DeploymentStatus, now: Date): number | undefined {
  const { lastUpdateTime, reason } = conditionOf(status, 'Progressing') ?? {};
  const deadline = spec.progressDeadlineSeconds ?? 600;
  const isOver = reason === 'NewReplicaSetAvailable' || reason === 'ProgressDeadlineExceeded';
  if (lastUpdateTime === undefined || isOver || spec.paused || deadline >= 2 ** 31 - 1) return undefined;
  return Date.parse(lastUpdateTime) + 1_000 * (deadline + 1) - now.getTime();
}

function hasProgressed(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const updated = (status: DeploymentStatus = {}) => status.updatedReplicas ?? 0;
  const old = (status: DeploymentStatus = {}) => (status.replicas ?? 0) - updated(status);
  return (
    updated(after) > updated(before) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

function condition(status: Condition['status'], reason: string, message: string): Condition {
  return { type: 'Progressing', status, reason, message };
}
