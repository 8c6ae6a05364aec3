/** That an alarm began to ring. */
export interface Rung {
  name: string;
  arn: string;
  /** ISO 8601 */
  at: string;
  /** CloudWatch's, one line. */
  reason?: string;
  /** Whether it was OK right before; else it had no data, and may have been ringing before that. */
  fromOk: boolean;
}

/**
 * Reads what CloudWatch tells of an alarm: by EventBridge ("CloudWatch Alarm State Change") or to a Lambda function
 * that is the alarm's action (Amazon CloudWatch User Guide, "Alarm events and EventBridge", "Invoke a Lambda function
 * from an alarm"). Undefined for everything but an alarm that came to be in the state ALARM.
 */
export function rungOf(event: unknown): Rung | undefined {
  const { detail, alarmData, resources, alarmArn, time } = fields(event);
  const told = fields(detail ?? alarmData);
  const { value, reason, timestamp } = fields(told.state);
  const arn = Array.isArray(resources) ? resources[0] : alarmArn;
  const at = timeOf(timestamp) ?? timeOf(time);
  const name = told.alarmName;
  const before = fields(told.previousState).value;
  if (value !== 'ALARM' || before === 'ALARM') return undefined;
  if (typeof name !== 'string' || typeof arn !== 'string' || at === undefined) return undefined;
  const line = typeof reason === 'string' ? reason.replaceAll(/\s+/g, ' ').trim() : '';
  return { name, arn, at, ...(line !== '' && { reason: line }), fromOk: before === 'OK' };
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** CloudWatch writes `2019-10-02T17:04:40.985+0000`, which has no colon in its offset. */
function timeOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const ms = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
