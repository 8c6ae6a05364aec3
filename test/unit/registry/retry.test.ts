import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairleadError } from '../../../lib/errors.ts';
import { RegistryError } from '../../../lib/registry/faults.ts';
import { inParallel } from '../../../lib/registry/in-parallel.ts';
import { delayBefore, withRetries } from '../../../lib/registry/retry.ts';
import { faultOf } from './fixture.ts';

const fault = { code: 'registry/unavailable', operation: 'testing', cause: 'it is down' };
const down = new FairleadError({ ...fault, temporary: true });
const patience = { attempts: 5, firstDelay: 100, longestDelay: 1000 };

describe('the wait before another try', () => {
  test('there is none for what is not temporary, nor after the last', () => {
    expect(delayBefore(1, patience, new FairleadError(fault))).toBeUndefined();
    expect(delayBefore(1, patience, new Error('a bug'))).toBeUndefined();
    expect(delayBefore(5, patience, down)).toBeUndefined();
  });

  test('doubles, and is spread', () => {
    expect([1, 2, 3, 4].map((tries) => delayBefore(tries, patience, down, 1))).toEqual([100, 200, 400, 800]);
    expect(delayBefore(1, patience, down, 0)).toBe(50);
  });

  test('is never shorter than asked for nor longer than the longest', () => {
    const asks = fc.nat({ max: 3000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), asks, (tries, retryAfter) => {
        const delay = delayBefore(
          tries,
          patience,
          new RegistryError({ ...fault, temporary: true }, { retryAfter }),
        );
        if (retryAfter > 1000) expect(delay).toBeUndefined();
        else {
          expect(delay).toBeGreaterThanOrEqual(retryAfter);
          expect(delay).toBeLessThanOrEqual(1000);
        }
      }),
    );
  });
});

test('trying again ends with the signal', async () => {
  const stop = new AbortController();
  const endless = withRetries(
    async () => {
      stop.abort();
      throw down;
    },
    { attempts: 9, firstDelay: 60_000, longestDelay: 60_000 },
    stop.signal,
  );
  expect((await faultOf(endless)).name).toBe('AbortError');
});

describe('work in parallel', () => {
  test('is never more at a time than the limit, and is all done', async () => {
    let [now, most, done] = [0, 0, 0];
    await inParallel([...Array(20).keys()], 3, undefined, async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      done++;
    });
    expect([most, done]).toEqual([3, 20]);
  });

  test('stops at the first failure, which is the one thrown', async () => {
    const begun: number[] = [];
    const work = inParallel([1, 2, 3, 4], 2, undefined, async (item, signal) => {
      begun.push(item);
      if (item === 1) throw down;
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopped')));
        if (signal.aborted) reject(new Error('stopped'));
      });
    });
    expect(await faultOf(work)).toBe(down);
    expect(begun).toEqual([1, 2]);
  });
});
