import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Capacity } from '../../../local/lambda/capacity.ts';
import type { FunctionSpec } from '../../../local/lambda/types.ts';

const spec = (name: string, reservedConcurrency?: number) => ({ name, reservedConcurrency }) as FunctionSpec;

test('no limit is ever exceeded, and everyone who waits gets a turn', async () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(names, fc.integer({ min: 1, max: 4 }), async (order, limit) => {
      const capacity = new Capacity(limit);
      const specs = { a: spec('a', 1), b: spec('b', 2), c: spec('c') };
      const running: string[] = [];
      await Promise.all(
        order.map(async (name) => {
          const one = specs[name as keyof typeof specs];
          await capacity.take(one);
          running.push(name);
          expect(running.length).toBeLessThanOrEqual(limit);
          const same = running.filter((other) => other === name);
          expect(same.length).toBeLessThanOrEqual(one.reservedConcurrency ?? limit);
          await new Promise(setImmediate);
          running.splice(running.indexOf(name), 1);
          capacity.release(one);
        }),
      );
      expect(running).toEqual([]);
    }),
  );
});

test('who does not wait is told at once', () => {
  const capacity = new Capacity(1);
  expect(capacity.tryTake(spec('a'))).toBe(true);
  expect(capacity.tryTake(spec('b'))).toBe(false);
  capacity.release(spec('a'));
  expect(capacity.tryTake(spec('b'))).toBe(true);
});
