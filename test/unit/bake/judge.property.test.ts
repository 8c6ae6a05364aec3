import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from '../../../lib/bake/judge.ts';
import type { AlarmLook, BakeLook, CheckLook } from '../../../lib/bake/types.ts';
import { after, alarm, answer, bakeOf, check, lookOf, restart, START } from './bakes.ts';

const STATES: AlarmLook['state'][] = ['OK', 'ALARM', 'INSUFFICIENT_DATA', 'absent'];
const RESULTS: CheckLook['result'][] = ['good', 'bad', 'unreachable'];
const RANK = { good: 0, watching: 0, unknown: 1, bad: 2 };

const contents = fc.record({
  alarms: fc.constantFrom(...STATES).map((state) => [alarm(state)]),
  checks: fc.constantFrom(...RESULTS).map((result) => [answer(result)]),
  restarts: fc.integer({ min: 0, max: 3 }).map((count) => (count === 0 ? [] : [restart(count)])),
  requests: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
  trouble: fc.constantFrom<string[]>([], [], ['CloudWatch does not answer']),
});
const course = fc.array(contents, { minLength: 1, maxLength: 12 }).map((all) =>
  all.map(({ requests, ...given }, index): BakeLook => {
    return lookOf((index + 1) * 5, { ...given, ...(requests !== undefined && { requests }) });
  }),
);
const bakes = fc
  .record({ restarts: fc.integer({ min: 0, max: 3 }), seconds: fc.constantFrom(5, 20, 60) })
  .map((given) =>
    bakeOf({
      ...given,
      alarms: ['errors'],
      checks: [check],
      traffic: { namespace: 'App', metric: 'Requests', dimensions: {}, minimum: 10 },
    }),
  );
const befores = fc.option(
  fc.constantFrom(...STATES).map((state) => [alarm(state)]),
  { nil: undefined },
);

const verdictOf = (bake: ReturnType<typeof bakeOf>, before: AlarmLook[] | undefined, looks: BakeLook[]) =>
  judge({ bake, before, looks, startedAt: START, now: looks.at(-1)?.at ?? START });

test('what was bad stays bad, whatever is seen after it', () => {
  fc.assert(
    fc.property(bakes, befores, course, fc.nat(11), (bake, before, looks, cut) => {
      const early = verdictOf(bake, before, looks.slice(0, cut + 1));
      fc.pre(early.is === 'bad');
      expect(verdictOf(bake, before, looks).is).toBe('bad');
    }),
  );
});

/** Makes one thing of one look worse. */
const rings = (look: BakeLook): BakeLook => ({ ...look, alarms: [alarm('ALARM')] });
const harms: ((look: BakeLook) => BakeLook)[] = [
  rings,
  (look) => ({ ...look, checks: [answer('bad')] }),
  (look) => ({ ...look, restarts: [restart(look.restarts.reduce((sum, { count }) => sum + count, 1))] }),
];

test('more evidence of harm never makes a verdict better', () => {
  fc.assert(
    fc.property(
      bakes,
      // An alarm that rang before is no evidence until it was quiet.
      befores.filter((before) => before?.[0]?.state !== 'ALARM'),
      course,
      fc.nat(11),
      fc.constantFrom(...harms),
      (bake, before, looks, at, harm) => {
        const index = at % looks.length;
        // Where nobody knows how it was before, the first look says it.
        fc.pre(before !== undefined || index > 0 || harm !== rings);
        const worse = looks.map((look, which) => (which === index ? harm(look) : look));
        const [one, other] = [verdictOf(bake, before, looks).is, verdictOf(bake, before, worse).is];
        if (one === 'bad') expect(other).toBe('bad');
        // A doubt that can still be looked into is no verdict.
        else if (other !== 'watching') expect(RANK[other]).toBeGreaterThanOrEqual(RANK[one]);
      },
    ),
  );
});

test('a release of which something was never to be seen is never good', () => {
  fc.assert(
    fc.property(
      bakes,
      befores,
      course,
      fc.constantFrom('alarms', 'checks', 'requests', 'last look'),
      (bake, before, looks, missing) => {
        const blind = looks.map(({ requests: _, ...look }): BakeLook => {
          if (missing === 'alarms') return { ...look, alarms: [alarm('INSUFFICIENT_DATA')] };
          if (missing === 'checks') return { ...look, checks: [answer('unreachable')] };
          if (missing === 'last look') return { ...look, trouble: ['the pods could not be read'] };
          return look;
        });
        expect(verdictOf(bake, before, blind).is).not.toBe('good');
      },
    ),
  );
});

test('a bake always ends', () => {
  fc.assert(
    fc.property(bakes, befores, course, (bake, before, looks) => {
      const now = after(bake.seconds + 30);
      expect(judge({ bake, before, looks, startedAt: START, now }).is).not.toBe('watching');
    }),
  );
});
