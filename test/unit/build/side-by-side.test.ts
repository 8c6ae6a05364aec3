import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sideBySide } from '../../../lib/build/stage/side-by-side.ts';
import { Turns } from '../../../lib/build/stage/turns.ts';

/** For each task the tasks before it that it needs. */
const graphs = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((tasks) => tasks.map((needs, id) => (id === 0 ? [] : [...new Set(needs.map((need) => need % id))])));

describe('sideBySide', () => {
  it('does every task once, and none before what it needs', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, fc.array(fc.nat({ max: 3 })), async (graph, delays) => {
        const done: number[] = [];
        await sideBySide(() =>
          graph.map((needs, id) => ({
            id,
            needs,
            run: async () => {
              expect(done).toEqual(expect.arrayContaining(needs));
              for (let tick = delays[id] ?? 0; tick > 0; tick--) await Promise.resolve();
              done.push(id);
            },
          })),
        );
        expect(done.toSorted((a, b) => a - b)).toEqual(graph.map((_, id) => id));
      }),
      { numRuns: 100 },
    );
  });

  it('runs what does not need one another at the same time', async () => {
    let running = 0;
    let most = 0;
    const run = async () => {
      most = Math.max(most, ++running);
      await sleep(5);
      running--;
    };
    await sideBySide(() => [
      { id: 'a', needs: [], run },
      { id: 'b', needs: [], run },
      { id: 'c', needs: ['a', 'b'], run },
    ]);
    expect(most).toBe(2);
  });

  it('throws the first failure and not the aborts that follow, when all have ended and none more began', async () => {
    const ended: string[] = [];
    const began: string[] = [];
    const failing = sideBySide((signal) => [
      {
        id: 'long',
        needs: [],
        run: async () => {
          began.push('long');
          await sleep(10_000, undefined, { signal }).catch(async () => {
            await sleep(5);
            ended.push('long');
            throw new Error('aborted');
          });
        },
      },
      {
        id: 'bad',
        needs: [],
        run: async () => {
          throw new Error('the cause');
        },
      },
      {
        id: 'after',
        needs: ['long'],
        run: async () => {
          began.push('after');
        },
      },
    ]);
    await expect(failing).rejects.toThrow('the cause');
    expect({ began, ended }).toEqual({ began: ['long'], ended: ['long'] });
  });

  it('ends with the reason of the signal from outside', async () => {
    const outside = new AbortController();
    const work = sideBySide(
      (signal) => [{ id: 1, needs: [], run: () => sleep(10_000, undefined, { signal }) }],
      outside.signal,
    );
    outside.abort(new Error('interrupted'));
    await expect(work).rejects.toThrow('interrupted');
    const never = sideBySide(() => {
      throw new Error('nothing is begun');
    }, outside.signal);
    await expect(never).rejects.toThrow('interrupted');
  });
});

describe('Turns', () => {
  it('lets never more work at a time than it may, in the order in which it came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 20 }),
        async (most, count) => {
          const turns = new Turns(most);
          const order: number[] = [];
          let running = 0;
          const work = (id: number) => async () => {
            order.push(id);
            expect(++running).toBeLessThanOrEqual(most);
            await Promise.resolve();
            running--;
            if (id % 5 === 4) throw new Error('fails');
          };
          await Promise.allSettled(Array.from({ length: count }, (_, id) => turns.take(work(id))));
          expect(order).toEqual(Array.from({ length: count }, (_, id) => id));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('gives up a place in the line when the signal aborts, and lets the next one have it', async () => {
    const turns = new Turns(1);
    const stop = new AbortController();
    let finish = () => {};
    const first = turns.take(() => new Promise<void>((resolve) => (finish = resolve)));
    const second = turns.take(async () => 'second', stop.signal);
    const third = turns.take(async () => 'third');
    stop.abort(new Error('stop'));
    await expect(second).rejects.toThrow('stop');
    finish();
    await first;
    expect(await third).toBe('third');
  });
});
