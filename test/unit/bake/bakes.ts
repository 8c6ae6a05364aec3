import type { AlarmLook, BakeLook, CheckLook, RestartLook } from '../../../lib/bake/types.ts';
import type { Bake, HttpCheck } from '../../../lib/release/types.ts';

export const START = '2026-01-01T12:00:00.000Z';
/** ISO 8601 of so many seconds after the start of the bake. */
export const after = (seconds: number) => new Date(Date.parse(START) + seconds * 1000).toISOString();

export const bakeOf = (given: Partial<Bake> = {}): Bake => ({
  seconds: 30,
  alarms: [],
  checks: [],
  restarts: 0,
  unknown: 'keep',
  watchFor: 0,
  ...given,
});

export const lookOf = (seconds: number, given: Partial<BakeLook> = {}): BakeLook => ({
  at: after(seconds),
  alarms: [],
  checks: [],
  restarts: [],
  trouble: [],
  ...given,
});

export const alarm = (state: AlarmLook['state'], name = 'errors', since?: string): AlarmLook => ({
  name,
  state,
  ...(since && { since }),
  ...(state === 'ALARM' && { reason: 'Threshold Crossed' }),
});

export const check: HttpCheck = { path: '/health', status: [200, 399] };

export const answer = (result: CheckLook['result'], path = '/health'): CheckLook => ({
  path,
  result,
  message: { good: 'answers 200', bad: 'answers 500', unreachable: 'cannot be reached' }[result],
});

export const restart = (count: number, pod = 'web-1'): RestartLook => ({
  pod,
  container: 'web',
  count,
  reason: 'container web exits with code 1',
});
