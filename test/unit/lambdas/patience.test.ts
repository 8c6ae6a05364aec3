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

const busy = () => new InvokeError('Rate Exceeded.');
const broken = () => new InvokeError('Runtime exited with error: signal: killed');
const call = { name: 'build', target: 'build-image:live', request: {}, delays: [2, 8] };
const goOn = async () => undefined;

test('a function that has no room is asked for three quarters of an hour, and its own faults count as before', async () => {
  const { context, slept } = executionOf([broken(), ...Array.from({ length: 20 }, busy), broken()]);
  expect(await invoke(context, call, goOn)).toEqual({ is: 'answered', answer: 'answer' });
  expect(slept.slice(0, 7)).toEqual([2, 5, 10, 20, 30, 60, 60]);
  expect(slept.at(-1)).toBe(8);
});

test('it is not asked for ever', async () => {
  const { context, slept } = executionOf(Array.from({ length: 1000 }, busy));
  await expect(invoke(context, call, goOn)).rejects.toThrow('Rate Exceeded.');
  const minutes = slept.reduce((sum, seconds) => sum + seconds, 0) / 60;
  expect(Math.round(minutes)).toBe(45);
});

test('whoever waits for room stops for a reason', async () => {
  const { context, slept } = executionOf(Array.from({ length: 1000 }, busy));
  const stopped = await invoke(context, call, async () => (slept.length === 3 ? 'a newer push' : undefined));
  expect(stopped).toEqual({ is: 'stopped', reason: 'a newer push' });
});

test('what is asked once is asked once', async () => {
  const { context, slept } = executionOf([busy()]);
  await expect(invoke(context, { ...call, delays: [] }, goOn)).rejects.toThrow('Rate Exceeded.');
  expect(slept).toEqual([]);
});

test('what is no fault of an invocation is thrown', async () => {
  const { context } = executionOf([new Error('Rate Exceeded.')]);
  await expect(invoke(context, call, goOn)).rejects.toThrow('Rate Exceeded.');
});
