import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { World } from './world.ts';

/**
 * What may happen next: a push whose event arrives never, once or twice; a rollback or a removal that somebody asks
 * for; what runs is deleted; steps of an execution; time.
 */
type Event =
  | { is: 'push'; kind: string; back: boolean; events: number }
  | { is: 'roll-back' | 'remove' | 'vanish' }
  | { is: 'steps'; which: number; count: number; repeat: boolean }
  | { is: 'time'; minutes: number };

const push: fc.Arbitrary<Event> = fc.record({
  is: fc.constant('push' as const),
  kind: fc.constantFrom('good', 'bad', 'broken'),
  back: fc.boolean(),
  events: fc.integer({ min: 0, max: 2 }),
});
const steps: fc.Arbitrary<Event> = fc.record({
  is: fc.constant('steps' as const),
  which: fc.nat(4),
  count: fc.integer({ min: 1, max: 5 }),
  repeat: fc.boolean(),
});
const time: fc.Arbitrary<Event> = fc.record({
  is: fc.constant('time' as const),
  minutes: fc.integer({ min: 1, max: 30 }),
});
const others = (...kinds: ('roll-back' | 'remove' | 'vanish')[]): fc.Arbitrary<Event> =>
  fc.record({ is: fc.constantFrom(...kinds) });
const events = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: push },
    { weight: 12, arbitrary: steps },
    { weight: 1, arbitrary: time },
    { weight: 1, arbitrary: others('roll-back', 'roll-back', 'remove', 'vanish') },
  ),
  { maxLength: 60, size: 'max' },
);

/** What goes on after the last push: no more pushes. */
const rest = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: steps },
    { weight: 1, arbitrary: time },
    { weight: 1, arbitrary: others('roll-back', 'remove') },
  ),
  { maxLength: 20, size: 'max' },
);

function happen(world: World, what: Event): void {
  if (what.is === 'time') {
    world.now += what.minutes * 60_000;
  } else if (what.is === 'push') {
    const earlier = world.heads.at(-2);
    const fresh = `${what.kind}-${world.heads.length}`;
    world.heads.push(what.back && earlier !== undefined ? earlier : fresh);
    for (let n = 0; n < what.events; n++) world.start();
  } else if (what.is === 'vanish') {
    world.vanish();
  } else if (what.is !== 'steps') {
    world.start({ do: what.is });
  } else {
    const open = world.executions.filter(({ step }) => step !== 'done');
    const execution = open[what.which % open.length];
    execution?.advance(what.repeat);
    for (let n = 1; n < what.count; n++) execution?.advance();
  }
}

/** Lets everything that was started come to its end, the youngest first or last. */
function settle(world: World, youngestFirst: boolean): void {
  for (let round = 0; world.executions.some(({ step }) => step !== 'done'); round++) {
    if (round > 500) throw new Error('the executions never come to an end');
    world.now += 10_000;
    const order = youngestFirst ? world.executions.toReversed() : world.executions;
    for (const execution of order) execution.advance();
  }
}

function play(what: Event[]): World {
  const world = new World();
  world.start();
  for (const next of what) {
    happen(world, next);
    expect(
      world.executions.filter(({ holding }) => holding).length,
      'rollouts at a time',
    ).toBeLessThanOrEqual(1);
  }
  return world;
}

const ascending = (numbers: number[]) => expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));

describe('however pushes, events, steps, crashes and time are interleaved', () => {
  test('an older head never replaces a newer one, and one rollout runs at a time', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (what, youngestFirst) => {
        const world = play(what);
        settle(world, youngestFirst);
        ascending(world.writes.map(({ head }) => head));
        ascending(world.writes.map(({ fence }) => fence));
        ascending(world.made.map(({ fence }) => fence));
      }),
      { numRuns: 3000 },
    );
  });

  test('a release has one number, and a number one release', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (what, youngestFirst) => {
        const world = play(what);
        settle(world, youngestFirst);
        const numbers = new Map<string, number>();
        for (const { fence, purpose, number } of world.made) {
          const release = `${fence} ${purpose}`;
          expect(numbers.get(release) ?? number).toBe(number);
          numbers.set(release, number);
        }
        expect(new Set(numbers.values()).size).toBe(numbers.size);
      }),
      { numRuns: 1000 },
    );
  });

  test('once an event of the last push has arrived, its head runs, or is on record as bad, or all was removed', () => {
    fc.assert(
      fc.property(events, rest, fc.boolean(), (what, then, youngestFirst) => {
        const world = play(what);
        world.start();
        for (const next of then) happen(world, next);
        settle(world, youngestFirst);
        const good = world.state.live?.commit;
        if (world.head === good) expect(world.running).toBe(good);
        else expect(world.isBad(world.head) || wasRemoved(world), 'bad or removed').toBe(true);
        // What runs is good, or nothing runs because nothing ever was, or it was removed.
        if (!what.some(({ is }) => is === 'vanish'))
          expect(world.running ?? 'nothing').toBe(good ?? 'nothing');
        expect(world.isBad(good ?? ''), 'a bad commit is live').toBe(false);
        expect(world.state.lease).toBeUndefined();
        expect(world.state.due).toBeUndefined();
        expect(world.state.claim?.ended).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('a duplicate changes nothing', () => {
    fc.assert(
      fc.property(events, rest, fc.boolean(), (what, then, youngestFirst) => {
        const world = play(what);
        world.start();
        for (const next of then) happen(world, next);
        settle(world, youngestFirst);
        fc.pre(world.isBad(world.head) || world.state.live?.commit === world.head);
        const { state, writes } = structuredClone({ state: world.state, writes: world.writes });
        const duplicate = world.start();
        settle(world, youngestFirst);
        expect(duplicate.outcome).toBe(world.isBad(world.head) ? 'refused' : 'unchanged');
        expect({ state: world.state, writes: world.writes }).toEqual({ state, writes });
      }),
      { numRuns: 1000 },
    );
  });
});

/** Whether all was taken away, and nothing was brought since. */
function wasRemoved(world: World): boolean {
  const removals = world.executions.filter(({ outcome }) => outcome === 'removed');
  return removals.length > 0 && world.state.live === undefined;
}

test('a push whose event is lost is deployed by the execution that is under way', () => {
  const world = new World();
  const execution = world.start();
  for (let n = 0; n < 3; n++) execution.advance();
  expect(execution.step).toBe('look');
  world.heads.push('good-1');
  settle(world, false);
  expect(world.running).toBe('good-1');
  expect(world.writes).toHaveLength(1);
});

test('an execution that stalled loses its lease to a newer claim, and its verdict with it', () => {
  const world = new World();
  const stalled = world.start();
  for (const step of ['claim', 'build', 'look', 'release', 'apply', 'judge', 'settle']) {
    stalled.advance();
    expect(stalled.step).toBe(step);
  }
  world.heads.push('good-1');
  const newer = world.start();
  for (let n = 0; n < 5; n++) newer.advance();
  expect(newer.step).toBe('release');
  world.now += 6 * 60_000;
  newer.advance();
  expect(newer.step).toBe('apply');
  stalled.advance();
  expect(world.state.live).toBeUndefined();
  newer.advance();
  expect(world.running).toBe('good-1');
});

test('an execution at work on what is no longer the head is stopped, also when nothing else is to do', () => {
  const world = new World();
  world.start();
  settle(world, false);
  world.heads.push('good-1');
  const late = world.start();
  for (let n = 0; n < 4; n++) late.advance();
  expect(late.step).toBe('release');
  world.heads.push('good-0');
  const back = world.start();
  for (let n = 0; n < 3; n++) back.advance();
  expect(back.outcome).toBe('unchanged');
  settle(world, false);
  expect(late.outcome).toBe('superseded');
  expect(world.running).toBe('good-0');
});
