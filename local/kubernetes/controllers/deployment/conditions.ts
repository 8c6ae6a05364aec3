import { timestamp } from '../../object.ts';
import type { Condition, DeploymentCondition, DeploymentStatus } from '../types.ts';

/**
 * Sets a condition in the status. Its transition time only changes with its status, and its update time with its
 * reason, or always with `touch`: an update time tells when there was progress last.
 */
export function withCondition(
  status: DeploymentStatus,
  now: Date,
  { type, status: is, reason, message }: Condition,
  update: 'when-new' | 'touch' = 'when-new',
): void {
  const before = conditionOf(status, type);
  if (update === 'when-new' && before?.status === is && before.reason === reason) return;
  const time = timestamp(now);
  const condition: DeploymentCondition = {
    type,
    status: is,
    lastUpdateTime: time,
    lastTransitionTime: before?.status === is ? (before.lastTransitionTime ?? time) : time,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
  status.conditions = [...(status.conditions ?? []).filter((each) => each.type !== type), condition];
}

export function conditionOf(
  status: DeploymentStatus | undefined,
  type: string,
): DeploymentCondition | undefined {
  return status?.conditions?.find((each) => each.type === type);
}
