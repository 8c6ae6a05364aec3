import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pauseBeforeLook, type Watching } from '../../../lambdas/deploy/cadence.ts';

/** Plays a bake of `seconds`, where a look takes `look` seconds and writes `bytes`. */
function play(
  seconds: number,
  {
    look = 0.4,
    bytes = 3_000,
    operations = 20,
    keenly = true,
  }: { look?: number; bytes?: number; operations?: number; keenly?: boolean } = {},
) {
  const spent = { operations, bytes: 100_000 };
  const pauses: number[] = [];
  for (let elapsed = 0; elapsed < seconds; ) {
    const left = { phase: seconds - elapsed, after: 0 };
    const watching: Watching = { elapsed, left, keenly, spent: { ...spent }, bytesALook: bytes };
    const pause = pauseBeforeLook(watching);
    pauses.push(pause);
    elapsed += pause + look;
    spent.operations += 3;
    spent.bytes += bytes;
  }
  return { pauses, spent };
}

describe('looks at a release that bakes', () => {
  test('come soon at first, and at most 5 s apart as long as anything tells of trouble, for an hour', () => {
    const { pauses, spent } = play(3600);
    expect(pauses.slice(0, 10)).toEqual(Array(10).fill(2));
    expect(Math.max(...pauses) + 0.4).toBeLessThan(5);
    expect(spent.operations).toBeLessThan(3000);
  });

  test('come often enough for a rollback within 30 s, for as long as an app may say', () => {
    const { pauses, spent } = play(4 * 3600, { operations: 300 });
    expect(Math.max(...pauses)).toBeLessThanOrEqual(20);
    expect(spent.operations).toBeLessThan(3000);
  });

  test('are further apart where only restarts are watched', () => {
    expect(Math.max(...play(600, { keenly: false }).pauses)).toBe(8);
  });

  test('come right after the end, not long after it', () => {
    const { pauses } = play(33, { look: 0 });
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(35);
  });

  test('fit into what an execution may, however long the bake, the build before it and the release are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 * 3600 }),
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 100, max: 300_000 }),
        (seconds, operations, bytes) => {
          const { spent } = play(seconds, { operations, bytes });
          expect(spent.operations).toBeLessThan(3000);
          expect(spent.bytes).toBeLessThan(100_000_000);
        },
      ),
      { numRuns: 100 },
    );
  });
});
