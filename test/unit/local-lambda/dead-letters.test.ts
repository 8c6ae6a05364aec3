import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Measurement } from '../../../local/aws/services/cloudwatch-meter.ts';
import type { DeadLetter } from '../../../local/lambda/dead-letters.ts';
import { start, until } from './local-lambda.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:letters';
const durable = { executionTimeout: 60 };
let letters: DeadLetter[];
let measured: Measurement[];
let lambda: Awaited<ReturnType<typeof start>>;

beforeEach(async () => {
  letters = [];
  measured = [];
  lambda = await start(
    {
      works: { code: 'export const handler = async () => "done"', deadLetters: QUEUE },
      throws: {
        code: 'export const handler = async ({ why }) => { throw new Error(why) }',
        deadLetters: QUEUE,
      },
      forgets: { code: 'export const handler = async () => { throw new Error("gone") }' },
      single: {
        code: 'export const handler = () => new Promise((done) => setTimeout(done, 500))',
        reservedConcurrency: 1,
      },
      lasting: {
        code: `import { withDurableExecution } from '@aws/durable-execution-sdk-js';
          export const handler = withDurableExecution(async ({ fails }) => {
            if (fails) throw new Error('for good');
          });`,
        durable,
        deadLetters: QUEUE,
      },
    },
    {
      retryDelaysMs: [10, 10],
      bury: (letter) => letters.push(letter),
      meter: (measurement) => measured.push(measurement),
    },
  );
});
afterEach(() => lambda.close());

const values = (name: string, metric: string) =>
  measured.flatMap((one) =>
    one.namespace === 'AWS/Lambda' && one.name === metric && one.dimensions.FunctionName === name
      ? [one.value]
      : [],
  );
const event = (name: string, payload: unknown) => lambda.call(name, payload, { InvocationType: 'Event' });

test('an event that no attempt could handle goes to the queue, as it came', async () => {
  await event('throws', { why: 'no database' });
  await until(() => letters.length > 0);
  expect(letters).toEqual([
    {
      function: 'throws',
      queue: QUEUE,
      body: '{"why":"no database"}',
      attributes: {
        RequestID: { DataType: 'String', StringValue: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        ErrorCode: { DataType: 'Number', StringValue: '200' },
        ErrorMessage: { DataType: 'String', StringValue: 'no database' },
      },
    },
  ]);
  expect(values('throws', 'Errors')).toEqual([1, 1, 1]);
  expect(values('throws', 'AsyncEventAge')).toHaveLength(3);
});

test('nothing goes there that was handled, that somebody waits for, or that has no queue', async () => {
  await event('works', {});
  await event('forgets', {});
  await lambda.call('throws', { why: 'told' });
  await until(() => values('forgets', 'Errors').length === 3 && values('works', 'Errors').length === 1);
  expect(letters).toEqual([]);
});

test('the event of a durable execution that failed goes there once, however often it was sent', async () => {
  const how = { InvocationType: 'Event', DurableExecutionName: 'one' } as const;
  for (const _ of [1, 2]) await lambda.call('lasting:live', { fails: true }, how);
  await lambda.call('lasting:live', { fails: false }, { ...how, DurableExecutionName: 'two' });
  await until(() => letters.length > 0 && values('lasting', 'Invocations').length >= 2);
  expect(letters).toMatchObject([
    {
      function: 'lasting',
      body: '{"fails":true}',
      attributes: { ErrorMessage: { StringValue: 'for good' } },
    },
  ]);
});

test('Lambda says how often a function ran, failed, how long it took, and when there was no room', async () => {
  await lambda.call('works');
  await lambda.call('throws', { why: 'x' });
  const both = await Promise.allSettled([lambda.call('single'), lambda.call('single')]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect([values('works', 'Invocations'), values('works', 'Errors')]).toEqual([[1], [0]]);
  expect([values('throws', 'Invocations'), values('throws', 'Errors')]).toEqual([[1], [1]]);
  expect([values('single', 'Throttles'), values('single', 'Invocations')]).toEqual([[1], [1]]);
  expect(values('single', 'Duration')[0]).toBeGreaterThan(400);
});
