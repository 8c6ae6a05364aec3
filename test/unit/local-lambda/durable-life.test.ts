import {
  DurableExecutionAlreadyStartedException,
  GetDurableExecutionCommand,
  ListDurableExecutionsByFunctionCommand,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatusChange } from '../../../local/lambda/durable/types.ts';
import { start, until } from './local-lambda.ts';
import { ran, typesOf, workflow } from './workflow.ts';

let lambda: Awaited<ReturnType<typeof start>>;
const changes: StatusChange[] = [];

beforeAll(async () => {
  lambda = await start({
    steps: workflow(`
      const a = await context.step('a', async () => { log('a'); return event.n + 1; });
      await context.wait('nap', { seconds: 1 });
      const b = await context.step('b', async () => { log('b'); return a * 10; });
      return { a, b };`),
    sleeps: workflow(`await context.wait({ hours: 1 });`),
    expires: workflow('await context.wait({ hours: 1 });', { durable: { executionTimeout: 1 } }),
  });
  lambda.executions.on('status', (change) => changes.push(change));
});
afterAll(() => lambda.close());

describe('a name', () => {
  const named = (event: unknown, rest = {}) =>
    lambda.call('steps:1', event, { DurableExecutionName: 'steps-x', ...rest });

  test('with the same payload is the same execution, while it runs and afterwards', async () => {
    const before = ran(lambda, 'steps').length;
    const first = await named({ n: 5 }, { InvocationType: 'Event' });
    const second = await named({ n: 5 }, { InvocationType: 'Event' });
    expect(first).toMatchObject({ StatusCode: 202, value: undefined });
    expect(first.DurableExecutionArn).toContain('/durable-execution/steps-x/');
    expect(second.DurableExecutionArn).toBe(first.DurableExecutionArn);
    const third = await named({ n: 5 });
    expect(third).toMatchObject({ value: { a: 6, b: 60 }, DurableExecutionArn: first.DurableExecutionArn });
    expect((await named({ n: 5 })).value).toEqual({ a: 6, b: 60 });
    expect(ran(lambda, 'steps').length - before).toBe(2);
  });

  test('with another payload is refused, as is one that is none', async () => {
    await expect(named({ n: 6 })).rejects.toBeInstanceOf(DurableExecutionAlreadyStartedException);
    await expect(named({ n: 6 }, { InvocationType: 'Event' })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 409 },
    });
    await expect(named({}, { DurableExecutionName: 'no spaces' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });

  test('finds the execution in the list', async () => {
    const { DurableExecutions } = await lambda.client.send(
      new ListDurableExecutionsByFunctionCommand({
        FunctionName: 'steps',
        DurableExecutionName: 'steps-x',
        Statuses: ['SUCCEEDED'],
      }),
    );
    expect(DurableExecutions).toHaveLength(1);
    expect(DurableExecutions?.[0]?.StartTimestamp).toBeInstanceOf(Date);
  });
});

describe.concurrent('an execution that is over before its time', () => {
  test('by StopDurableExecution', async () => {
    const { DurableExecutionArn } = await lambda.call('sleeps:1', {}, { InvocationType: 'Event' });
    await until(async () => (await typesOf(lambda, DurableExecutionArn)).includes('WaitStarted'));
    const error = { ErrorType: 'Changed', ErrorMessage: 'no longer wanted' };
    const stopped = await lambda.client.send(
      new StopDurableExecutionCommand({ DurableExecutionArn, Error: error }),
    );
    expect(stopped.StopTimestamp).toBeInstanceOf(Date);
    const found = await lambda.client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
    expect(found).toMatchObject({ Status: 'STOPPED', Error: error });
    expect(changes.filter(({ arn }) => arn === DurableExecutionArn).map(({ status }) => status)).toEqual([
      'RUNNING',
      'STOPPED',
    ]);
  });

  test('by its time-out', async () => {
    const answer = await lambda.call('expires:1');
    expect(answer).toMatchObject({
      FunctionError: 'Unhandled',
      value: { errorMessage: 'Execution timed out.' },
    });
    expect(await typesOf(lambda, answer.DurableExecutionArn)).toContain('ExecutionTimedOut');
  });
});
