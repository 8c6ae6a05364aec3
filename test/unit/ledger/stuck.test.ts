import { expect, test } from 'vitest';
import { decideClaim } from '../../../lib/ledger/claims.ts';
import { EMPTY, ended, isStuck } from '../../../lib/ledger/state.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-01T12:00:00Z');
const asked = { execution: 'one', delivery: 'd', commit: 'a', bad: undefined, now: START };

test('a claim is stuck once it is too old, whether or not it shows a sign of life, until it has ended', () => {
  const { claim } = decideClaim(EMPTY, asked).next ?? {};
  if (claim === undefined) throw new Error('nothing was claimed');
  expect(isStuck(claim, START + 2 * HOUR, 2 * HOUR)).toBe(false);
  expect(isStuck(claim, START + 2 * HOUR + 1, 2 * HOUR)).toBe(true);
  expect(isStuck({ ...claim, until: START + 5 * HOUR }, START + 3 * HOUR, 2 * HOUR)).toBe(true);
  expect(isStuck(ended(claim), START + 3 * HOUR, 2 * HOUR)).toBe(false);
});

test('nobody knows of a claim from before that was kept', () => {
  const { since: _, ...old } = decideClaim(EMPTY, asked).next?.claim ?? { fence: 1 };
  expect(isStuck(old as never, START + 9 * HOUR, HOUR)).toBe(false);
});
