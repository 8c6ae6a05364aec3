import { describe, expect, test } from 'vitest';
import { judge } from '../../../lib/bake/judge.ts';
import type { AlarmLook, BakeLook, BakeVerdict } from '../../../lib/bake/types.ts';
import type { Bake } from '../../../lib/release/types.ts';
import { after, alarm, answer, bakeOf, check, lookOf, restart, START } from './bakes.ts';

interface Case {
  name: string;
  bake?: Partial<Bake>;
  before?: AlarmLook[] | 'not read';
  looks: BakeLook[];
  /** Seconds after the start; that of the last look. */
  now?: number;
  verdict: BakeVerdict['is'];
  /** Words of the reason, or of the notes where the verdict is good. */
  says?: RegExp;
}

/** The states of the alarm `errors`, one look every ten seconds. */
const alarms = (...states: AlarmLook['state'][]) =>
  states.map((state, index) => lookOf((index + 1) * 10, { alarms: [alarm(state)] }));
const checks = (...results: ('good' | 'bad' | 'unreachable')[]) =>
  results.map((result, index) => lookOf((index + 1) * 10, { checks: [answer(result)] }));
const watchesAlarm = { alarms: ['errors'] };
const asks = { checks: [check] };
const counts = { traffic: { namespace: 'App', metric: 'Requests', dimensions: {}, minimum: 10 } };

const CASES: Case[] = [
  { name: 'no look yet', looks: [], now: 0, verdict: 'watching' },
  { name: 'no look at all', looks: [], now: 61, verdict: 'unknown', says: /could not be looked at/ },
  { name: 'nothing to watch for', looks: [lookOf(30)], verdict: 'good' },
  { name: 'the time is not over', looks: [lookOf(29)], verdict: 'watching' },
  { name: 'the last look is older than the end', looks: [lookOf(29)], now: 31, verdict: 'watching' },
  {
    name: 'no look was had at the end',
    looks: [lookOf(20)],
    now: 61,
    verdict: 'unknown',
    says: /until the end/,
  },

  { name: 'an alarm that is quiet', bake: watchesAlarm, looks: alarms('OK', 'OK', 'OK'), verdict: 'good' },
  {
    name: 'an alarm that rings',
    bake: watchesAlarm,
    looks: alarms('ALARM'),
    verdict: 'bad',
    says: /alarm errors rings.*Threshold/,
  },
  {
    name: 'an alarm that rang and is quiet',
    bake: watchesAlarm,
    looks: alarms('OK', 'ALARM', 'OK'),
    verdict: 'bad',
  },
  {
    name: 'an alarm that had no data before and rings',
    bake: watchesAlarm,
    before: [alarm('INSUFFICIENT_DATA')],
    looks: alarms('ALARM'),
    verdict: 'bad',
  },
  {
    name: 'an alarm that was made since and rings',
    bake: watchesAlarm,
    before: [],
    looks: alarms('ALARM'),
    verdict: 'bad',
  },
  { name: 'an alarm of the tag alone', bake: {}, looks: alarms('ALARM'), verdict: 'bad' },
  {
    name: 'an alarm that rang before',
    bake: watchesAlarm,
    before: [alarm('ALARM')],
    looks: alarms('ALARM', 'ALARM', 'ALARM'),
    verdict: 'good',
    says: /was ringing before the release, and still is/,
  },
  {
    name: 'an alarm that rang before and stops',
    bake: watchesAlarm,
    before: [alarm('ALARM')],
    looks: alarms('ALARM', 'OK', 'OK'),
    verdict: 'good',
    says: /is quiet now/,
  },
  {
    name: 'an alarm that rang before, stops, and rings anew',
    bake: watchesAlarm,
    before: [alarm('ALARM')],
    looks: alarms('ALARM', 'OK', 'ALARM'),
    verdict: 'bad',
  },
  {
    name: 'an alarm that rang before and lost its data in between',
    bake: watchesAlarm,
    before: [alarm('ALARM')],
    looks: alarms('ALARM', 'INSUFFICIENT_DATA', 'ALARM'),
    verdict: 'good',
  },
  {
    name: 'an alarm that rings, and nobody knows about before',
    bake: watchesAlarm,
    before: 'not read',
    looks: alarms('ALARM', 'ALARM', 'ALARM'),
    verdict: 'unknown',
    says: /nobody knows whether/,
  },
  {
    name: 'an alarm that rings since the bake began',
    bake: watchesAlarm,
    before: 'not read',
    looks: [lookOf(10, { alarms: [alarm('ALARM', 'errors', after(5))] })],
    verdict: 'bad',
    says: /since 12:00:05 UTC/,
  },
  {
    name: 'an alarm that was quiet at the first look',
    bake: watchesAlarm,
    before: 'not read',
    looks: alarms('OK', 'ALARM'),
    verdict: 'bad',
  },
  {
    name: 'an alarm without data',
    bake: watchesAlarm,
    looks: alarms('OK', 'OK', 'INSUFFICIENT_DATA'),
    verdict: 'unknown',
    says: /errors has no data/,
  },
  {
    name: 'an alarm that had no data at first',
    bake: watchesAlarm,
    looks: alarms('INSUFFICIENT_DATA', 'OK', 'OK'),
    verdict: 'good',
  },
  {
    name: 'an alarm that there is not',
    bake: watchesAlarm,
    looks: alarms('absent', 'absent', 'absent'),
    verdict: 'unknown',
    says: /there is no alarm errors/,
  },
  {
    name: 'alarms that could not be read',
    bake: watchesAlarm,
    looks: [10, 20, 30].map((at) => lookOf(at, { trouble: ['the alarms could not be read: denied'] })),
    verdict: 'unknown',
    says: /denied/,
  },
  {
    name: 'alarms that could not be read at the last look',
    bake: watchesAlarm,
    looks: [...alarms('OK', 'OK'), lookOf(30, { trouble: ['throttled'] })],
    verdict: 'watching',
  },
  {
    name: 'alarms that could be read again',
    bake: watchesAlarm,
    looks: [lookOf(10, { trouble: ['throttled'] }), ...alarms('OK', 'OK', 'OK').slice(1)],
    verdict: 'good',
  },
  {
    name: 'a tag that no alarm has',
    bake: { alarmTag: { key: 'app', value: 'web' } },
    looks: [lookOf(30)],
    verdict: 'unknown',
    says: /no alarm carries the tag app=web/,
  },

  { name: 'a check that is good', bake: asks, looks: checks('good', 'good', 'good'), verdict: 'good' },
  {
    name: 'one miss',
    bake: asks,
    looks: checks('good', 'bad', 'good'),
    verdict: 'good',
    says: /failed once/,
  },
  {
    name: 'two misses that are not in a row',
    bake: asks,
    looks: checks('bad', 'good', 'bad', 'good'),
    verdict: 'good',
  },
  {
    name: 'two misses in a row',
    bake: asks,
    looks: checks('bad', 'bad'),
    verdict: 'bad',
    says: /GET \/health answers 500, twice in a row/,
  },
  { name: 'a miss at the last look', bake: asks, looks: checks('good', 'good', 'bad'), verdict: 'watching' },
  {
    name: 'a miss at the last look, and no other',
    bake: asks,
    looks: checks('good', 'good', 'bad'),
    now: 61,
    verdict: 'unknown',
    says: /at the last look/,
  },
  {
    name: 'an address that cannot be reached from here',
    bake: asks,
    looks: checks('unreachable', 'unreachable', 'unreachable'),
    verdict: 'unknown',
    says: /could not be asked/,
  },
  {
    name: 'an address that is reached in the end',
    bake: asks,
    looks: checks('unreachable', 'good', 'good'),
    verdict: 'good',
  },
  {
    name: 'an address that was reached and is not any more',
    bake: asks,
    looks: checks('good', 'unreachable', 'unreachable'),
    verdict: 'bad',
    says: /cannot be reached, twice/,
  },
  {
    name: 'one of two checks of a path',
    bake: { checks: [check, { ...check, contains: 'up' }] },
    looks: [10, 20, 30].map((at) => lookOf(at, { checks: [answer('good'), answer('bad')] })),
    verdict: 'bad',
  },

  {
    name: 'a restart that is not borne',
    looks: [lookOf(10, { restarts: [restart(1)] })],
    verdict: 'bad',
    says: /one restart after.*0 are borne; pod web-1: container web exits with code 1/,
  },
  {
    name: 'a restart that is borne',
    bake: { restarts: 1 },
    looks: [lookOf(30, { restarts: [restart(1)] })],
    verdict: 'good',
    says: /one restart.*is borne/,
  },
  {
    name: 'a restart each of two pods',
    bake: { restarts: 1 },
    looks: [lookOf(10, { restarts: [restart(1), restart(1, 'web-2')] })],
    verdict: 'bad',
    says: /2 restarts/,
  },
  {
    name: 'one restart seen twice',
    bake: { restarts: 1 },
    looks: [lookOf(10, { restarts: [restart(1)] }), lookOf(30, { restarts: [restart(1)] })],
    verdict: 'good',
  },
  {
    name: 'a restart of a pod that is gone',
    bake: { restarts: 1 },
    looks: [lookOf(10, { restarts: [restart(1)] }), lookOf(20, { restarts: [restart(1, 'web-2')] })],
    verdict: 'bad',
  },

  { name: 'requests enough', bake: counts, looks: [lookOf(30, { requests: 10 })], verdict: 'good' },
  {
    name: 'too few requests',
    bake: counts,
    looks: [lookOf(30, { requests: 9 })],
    verdict: 'unknown',
    says: /9 requests came, and below 10/,
  },
  {
    name: 'requests that nobody counted',
    bake: counts,
    looks: [lookOf(30)],
    verdict: 'unknown',
    says: /App Requests has no data/,
  },
  {
    name: 'too few requests, and an alarm',
    bake: { ...counts, ...watchesAlarm },
    looks: [lookOf(10, { requests: 1, alarms: [alarm('ALARM')] })],
    verdict: 'bad',
  },

  {
    name: 'all that is bad at once',
    bake: { ...asks, ...watchesAlarm },
    looks: checks('bad', 'bad').map((look) => ({ ...look, alarms: [alarm('ALARM')] })),
    verdict: 'bad',
    says: /alarm errors rings.*; GET \/health/,
  },
];

describe('judge', () => {
  test('names a few of very many alarms, and counts the others', () => {
    const names = Array.from({ length: 100 }, (_, index) => `errors-${index}`);
    const of = (state: 'OK' | 'ALARM') => names.map((name) => alarm(state, name));
    const about = { bake: bakeOf({ alarms: names }), startedAt: START, now: lookOf(30).at };
    const bad = judge({ ...about, before: of('OK'), looks: [lookOf(30, { alarms: of('ALARM') })] });
    expect(bad).toMatchObject({ is: 'bad', reason: expect.stringMatching(/errors-0 rings.*; and 92 more$/) });
    expect(JSON.stringify(bad).length).toBeLessThan(1_000);
    const kept = judge({ ...about, before: of('ALARM'), looks: [lookOf(30, { alarms: of('ALARM') })] });
    expect(kept.is === 'good' && kept.notes).toHaveLength(9);
  });

  test.each(CASES)('$name: $verdict', ({ bake, before = [alarm('OK')], looks, now, verdict, says }) => {
    const judged = judge({
      bake: bakeOf(bake),
      before: before === 'not read' ? undefined : before,
      looks,
      startedAt: START,
      now: now === undefined ? (looks.at(-1)?.at ?? START) : after(now),
    });
    expect(judged.is, JSON.stringify(judged)).toBe(verdict);
    const text = 'reason' in judged ? judged.reason : 'notes' in judged ? judged.notes.join('\n') : '';
    if (says !== undefined) expect(text).toMatch(says);
    expect(text.split('\n').every((line) => line.length < 400)).toBe(true);
  });
});
