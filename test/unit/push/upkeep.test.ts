import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Push } from '../../../lib/push/types.ts';
import { decideUpkeep, inWords, isNews, type Known, type Standing } from '../../../lib/push/upkeep.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const NOW = Date.parse('2026-01-10T00:00:00Z');
const MINUTE = 60_000;
const TTL = 3 * 86_400;

const known = (change: Partial<Known> & { environment?: string; delivery?: string } = {}): Known => {
  const { environment = 'preview-blue', delivery = 'd-1', ...rest } = change;
  return {
    push: { delivery, environment: { name: environment, namespace: 'n' } } as Push,
    pushedAt: new Date(NOW - 60 * MINUTE).toISOString(),
    claim: { fence: 3, commit: A, until: NOW - MINUTE, ended: true },
    live: { commit: A },
    touched: false,
    ...rest,
  };
};
const at = (commit: string): Standing => ({ is: 'at', commit });
const decide = (one: Known, standing: Standing) => decideUpkeep(one, standing, { at: NOW, ttl: TTL });
const claim = (change: Partial<NonNullable<Known['claim']>>): Known['claim'] => ({
  fence: 3,
  commit: A,
  until: NOW - MINUTE,
  ended: true,
  ...change,
});
const old = new Date(NOW - TTL * 1000 - MINUTE).toISOString();

describe('an environment that', () => {
  test.each<[string, Known, Standing, ReturnType<typeof decide>['do']]>([
    ['runs its head', known(), at(A), 'leave'],
    ['runs something else than its head', known(), at(B), 'deploy'],
    ['may run something else than it should', known({ touched: true }), at(A), 'deploy'],
    ['is at work', known({ claim: claim({ ended: false, until: NOW + 1 }) }), at(B), 'leave'],
    ['has an execution that died', known({ claim: claim({ ended: false }) }), at(A), 'deploy'],
    ['has just failed at its head', known({ claim: claim({ commit: B, until: NOW + 1 }) }), at(B), 'leave'],
    ['failed at its head long ago', known({ claim: claim({ commit: B }) }), at(B), 'deploy'],
    [
      'failed again when it was swept',
      known({ claim: claim({ commit: B }), delivery: 'sweep-1' }),
      at(B),
      'leave',
    ],
    [
      'is production, and failed again when it was swept',
      known({ claim: claim({ commit: B }), delivery: 'sweep-1', environment: 'production' }),
      at(B),
      'deploy',
    ],
    ['moved on since it was swept', known({ delivery: 'sweep-1' }), at(B), 'deploy'],
    ['lost its branch', known(), { is: 'gone', why: 'gone' }, 'remove'],
    [
      'is production and lost its branch',
      known({ environment: 'production' }),
      { is: 'gone', why: '' },
      'leave',
    ],
    ['is over', known({ pushedAt: old }), at(A), 'remove'],
    [
      'took its time to be live',
      known({ pushedAt: old, live: { commit: A, liveSince: new Date(NOW - MINUTE).toISOString() } }),
      at(A),
      'leave',
    ],
    [
      'is over since it was live',
      known({ pushedAt: old, live: { commit: A, liveSince: old } }),
      at(A),
      'remove',
    ],
    ['is over, and nobody knows its head', known({ pushedAt: old }), { is: 'unknown' }, 'remove'],
    ['is production, and old', known({ pushedAt: old, environment: 'production' }), at(A), 'leave'],
    ['was cut off in its removal', known({ claim: claim({ for: 'remove', ended: false }) }), at(A), 'remove'],
    ['could not be removed', known({ claim: claim({ for: 'remove' }) }), at(A), 'remove'],
    ['could just not be removed', known({ claim: claim({ for: 'remove', until: NOW + 1 }) }), at(A), 'leave'],
    ['was removed before its branch moved', known({ claim: claim({ for: 'remove' }) }), at(B), 'deploy'],
    ['cannot be looked up', known(), { is: 'unknown' }, 'leave'],
  ])('%s', (_what, one, standing, expected) => {
    expect(decide(one, standing).do).toBe(expected);
  });

  const anyClaim = fc.record({
    fence: fc.nat(),
    commit: fc.constantFrom(A, B),
    until: fc.integer({ min: NOW - 100 * MINUTE, max: NOW + 100 * MINUTE }),
    ended: fc.boolean(),
  });
  const standing = fc.constantFrom<Standing>(at(A), at(B), { is: 'gone', why: 'gone' }, { is: 'unknown' });
  const environment = fc.constantFrom('production', 'preview-blue');

  test('somebody is at work on is always left', () => {
    fc.assert(
      fc.property(anyClaim, standing, environment, fc.boolean(), (one, where, name, touched) => {
        const working = { ...one, ended: false, until: NOW + 1 };
        expect(decide(known({ claim: working, environment: name, touched }), where).do).toBe('leave');
      }),
    );
  });

  test('is production is never removed by a push, a deletion or its age', () => {
    fc.assert(
      fc.property(anyClaim, standing, fc.boolean(), (one, where, touched) => {
        const production = known({ claim: one, environment: 'production', touched, pushedAt: old });
        expect(decide(production, where).do).not.toBe('remove');
      }),
    );
  });

  test('nobody knows the head of is never deployed, and removed only by its age', () => {
    fc.assert(
      fc.property(anyClaim, fc.boolean(), (one, touched) => {
        expect(decide(known({ claim: one, touched }), { is: 'unknown' }).do).toBe('leave');
      }),
    );
  });
});

describe('a branch without an environment', () => {
  test('is news, unless it was removed at this very commit or somebody is at work on it', () => {
    expect(isNews(undefined, A, NOW)).toBe(true);
    expect(isNews(claim({ for: 'remove' }), A, NOW)).toBe(false);
    expect(isNews(claim({ for: 'remove' }), B, NOW)).toBe(true);
    expect(isNews(claim({ ended: false, until: NOW + 1 }), B, NOW)).toBe(false);
  });
});

test.each([
  [86_400, '1 day'],
  [3 * 86_400, '3 days'],
  [5400, '90 minutes'],
  [61, '61 s'],
])('%i s are said as %s', (seconds, words) => {
  expect(inWords(seconds)).toBe(words);
});
