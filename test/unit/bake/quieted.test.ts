import { expect, test } from 'vitest';
import { judge } from '../../../lib/bake/judge.ts';
import { quieted } from '../../../lib/bake/quieted.ts';
import { alarm, bakeOf, lookOf, START } from './bakes.ts';

test('an alarm that rang before, and was quiet in one phase, is held against the next', () => {
  const before = [alarm('ALARM', 'one'), alarm('ALARM', 'other'), alarm('OK', 'third')];
  const first = [lookOf(5, { alarms: [alarm('OK', 'one'), alarm('ALARM', 'other'), alarm('OK', 'third')] })];
  const held = quieted(before, first);
  expect(held?.map(({ name, state }) => `${name} ${state}`)).toEqual(['one OK', 'other ALARM', 'third OK']);
  const looks = [lookOf(10, { alarms: [alarm('ALARM', 'one'), alarm('ALARM', 'other')] })];
  const now = looks[0]?.at ?? '';
  expect(judge({ bake: bakeOf(), before: held, looks, startedAt: START, now })).toMatchObject({
    is: 'bad',
    reason: expect.stringMatching(/^alarm one rings[^;]*$/),
  });
  expect(quieted(undefined, first)).toBeUndefined();
});
