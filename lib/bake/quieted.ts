import type { AlarmLook, BakeLook } from './types.ts';

/**
 * The alarms before the release, as they are held against its next phase: one that was ringing and has been OK since is
 * not excused any more.
 */
export function quieted(
  before: readonly AlarmLook[] | undefined,
  looks: readonly BakeLook[],
): readonly AlarmLook[] | undefined {
  const seen = looks.flatMap(({ alarms }) => alarms);
  return before?.map(
    (alarm) =>
      (alarm.state === 'ALARM' && seen.find(({ name, state }) => name === alarm.name && state === 'OK')) ||
      alarm,
  );
}
