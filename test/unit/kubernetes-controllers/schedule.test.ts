import { describe, expect, test } from 'vitest';
import { nextTime, parseSchedule } from '../../../local/kubernetes/cron-schedule.ts';

const next = (text: string, after: string, zone?: string) => {
  const at = nextTime(parseSchedule(text), Date.parse(after), zone);
  return at === undefined ? undefined : new Date(at).toISOString().slice(0, 16);
};

describe('a schedule', () => {
  test.each([
    ['* * * * *', '2026-11-01T10:00:00Z', '2026-11-01T10:01'],
    ['*/15 * * * *', '2026-11-01T10:01:00Z', '2026-11-01T10:15'],
    ['5/20 * * * *', '2026-11-01T10:26:00Z', '2026-11-01T10:45'],
    ['0 3 * * *', '2026-11-01T10:01:00Z', '2026-11-02T03:00'],
    ['30 4 1,15 * *', '2026-11-01T10:00:00Z', '2026-11-15T04:30'],
    ['0 0 * * mon-fri', '2026-11-06T12:00:00Z', '2026-11-09T00:00'],
    ['0 0 * * 7', '2026-11-02T00:00:00Z', '2026-11-08T00:00'],
    // Vixie cron: either day, when both are given.
    ['0 0 13 * fri', '2026-11-01T00:00:00Z', '2026-11-06T00:00'],
    ['0 0 29 feb *', '2026-11-01T00:00:00Z', '2028-02-29T00:00'],
    ['@hourly', '2026-11-01T10:59:59Z', '2026-11-01T11:00'],
    ['0 0 31 2 *', '2026-11-01T00:00:00Z', undefined],
  ])('%s after %s is %s', (text, after, expected) => expect(next(text, after)).toBe(expected));

  test('is read in its time zone, over a change of the clocks', () => {
    expect(next('0 9 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T07:00');
    expect(next('0 9 * * *', '2026-03-27T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-28T08:00');
    expect(next('15 9 * * *', '2026-11-01T00:00:00Z', 'Asia/Kathmandu')).toBe('2026-11-01T03:30');
  });

  test.each([
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
    '* * * * * *',
  ])('%j is refused', (text) => expect(() => parseSchedule(text)).toThrow());
});
