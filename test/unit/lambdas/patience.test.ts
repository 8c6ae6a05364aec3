import { type DurableContext, InvokeError } from '@aws/durable-execution-sdk-js';
import { expect, test } from 'vitest';
import { invoke } from '../../../lambdas/deploy/patience.ts';

/** An execution whose function fails with `faults`, one after the other, and then answers; and the seconds it slept. */
function executionOf(faults: Error[]) {
  const slept: number[] = [];
  const left = [...faults];
  const context = {
    async invoke() {
      const fault = left.shift();
      if (fault !== undefined) throw fault;
      return 'answer';
    },
    async wait(_name: string, { seconds }: { seconds: number }) {
      slept.push(seconds);
    },
  } as unknown as DurableContext;
  return { context, slept };
}

const full = () => new InvokeError('Rate Exceeded.');
const broken = (why = 'Runtime exited with error: signal: killed') => new InvokeError(why);
const goOn = async () => undefined;
const callWith = (room?: number[]) => ({
  name: 'build',
  target: 'build-image:live',
  request: {},
  delays: [2, 8],
  ...(room && { room }),
});

test('a function that has no room is asked again without using up its tries', async () => {
  const { context, slept } = executionOf([broken(), full(), full(), full(), broken()]);
  const answered = await invoke(context, callWith([5, 10, 20, 30]), goOn);
  expect(answered).toEqual({ is: 'answered', answer: 'answer' });
  expect(slept).toEqual([2, 5, 10, 20, 8]);
});

test('what is left of the patience is left for the next call', async () => {
  const room = [5, 10, 20];
  const first = executionOf([full(), full()]);
  await invoke(first.context, callWith(room), goOn);
  expect(first.slept).toEqual([5, 10]);
  const second = executionOf(Array.from({ length: 9 }, full));
  await expect(invoke(second.context, callWith(room), goOn)).rejects.toThrow('Rate Exceeded.');
  expect(second.slept).toEqual([20, 2, 8]);
});

test('whoever waits for room stops for a reason', async () => {
  const { context, slept } = executionOf(Array.from({ length: 9 }, full));
  const stopped = await invoke(context, callWith([5, 10, 20, 30]), async () =>
    slept.length === 3 ? 'a newer push' : undefined,
  );
  expect(stopped).toEqual({ is: 'stopped', reason: 'a newer push' });
});

test.each([
  'reading the base: GET answered 429 TOOMANYREQUESTS: too many requests',
  'fetching acme/throttle-demo: it answers 503',
  'Rate exceeded',
])('what a function throws is a fault of its own: %s', async (why) => {
  const { context, slept } = executionOf(Array.from({ length: 9 }, () => broken(why)));
  await expect(invoke(context, callWith([5, 10, 20, 30]), goOn)).rejects.toThrow(why);
  expect(slept).toEqual([2, 8]);
});

test('room is waited for by those alone who say how long', async () => {
  const { context, slept } = executionOf(Array.from({ length: 9 }, full));
  await expect(invoke(context, callWith(), goOn)).rejects.toThrow('Rate Exceeded.');
  expect(slept).toEqual([2, 8]);
});
