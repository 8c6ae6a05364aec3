import type { AlarmLook, BakeLook } from './types.ts';

/**
 * The alarm that began to ring while a release came to be live: too late for its bake, and too early for those who hear
 * alarms to find it live. Held against the alarms `before` it; where nobody knows those, against `startedAt`, in ISO 8601.
 */
export function rungMeanwhile(
  { alarms }: Pick<BakeLook, 'alarms'>,
  before: readonly AlarmLook[] | undefined,
  startedAt: string,
): AlarmLook | undefined {
  const isNew = ({ name, since }: AlarmLook) =>
    before === undefined
      ? since !== undefined && Date.parse(since) >= Date.parse(startedAt)
      : !before.some((alarm) => alarm.name === name && alarm.state === 'ALARM');
  return alarms.find((alarm) => alarm.state === 'ALARM' && isNew(alarm));
}
