import { GetDurableExecutionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from './local-lambda.ts';
import { durable, historyOf, ran, typesOf, workflow } from './workflow.ts';

let lambda: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  lambda = await start({
    plain: { code: 'export const handler = async (event: any) => ({ doubled: event.n * 2 })' },
    silent: { code: 'export const handler = async () => undefined' },
    fails: { code: `export const handler = async () => { throw new RangeError('too much') }` },
    dawdles: {
      code: 'export const handler = () => new Promise((done) => setTimeout(done, 5000))',
      timeout: 1,
    },
    steps: workflow(`
      const a = await context.step('a', async () => { log('a'); return event.n + 1; });
      await context.wait('nap', { seconds: 1 });
      const b = await context.step('b', async () => { log('b'); return a * 10; });
      return { a, b };`),
    chained: workflow(`
      await context.wait({ seconds: 1 });
      return context.step(async () => event.n + 1);`),
    retries: workflow(`
      return await context.step('flaky', async (step: any) => {
        log('attempt ' + step.attempt);
        if (step.attempt < 3) throw new Error('not yet');
        return step.attempt;
      }, { retryStrategy: retry(5) });`),
    exhausts: workflow(`
      await context.step('never', async () => { throw new TypeError('never works'); }, { retryStrategy: none });`),
    crashes: workflow(`
      const before = await context.step('before', async () => { log('before'); return 1; });
      return await context.step('middle', async () => {
        log('middle');
        const { existsSync, writeFileSync } = await import('node:fs');
        if (!existsSync(event.marker)) { writeFileSync(event.marker, ''); process.exit(1); }
        return before + 1;
      });`),
    atMostOnce: workflow(`
      return await context.step('once', async () => { log('once'); process.exit(1); },
        { semantics: StepSemantics.AtMostOncePerRetry, retryStrategy: none });`),
    chains: workflow(`
      const plain = await context.invoke('call', 'plain', { n: 4 });
      const silent = await context.invoke('silent:live', {});
      const durable = await context.invoke('chained:1', { n: 1 });
      const errors = [];
      for (const name of ['fails', 'dawdles', 'exhausts:1', 'steps', 'nobody'])
        errors.push(await context.invoke('try ' + name, name, {}).catch((error: Error) => error.message));
      return { plain, silent, durable, errors };`),
    parallels: workflow(
      `const results = await context.parallel('both', [
        { name: 'one', func: (child: any) => child.invoke('plain', { n: 1 }) },
        { name: 'two', func: async (child: any) => { await child.wait({ seconds: 1 }); return child.step('s', async () => 2); } },
      ]);
      const mapped = await context.map('each', [1, 2, 3], async (child: any, item: number) =>
        child.step('square', async () => { log('square'); return item * item; }), { maxConcurrency: 2 });
      const inner = await context.runInChildContext('child', async (child: any) => {
        const x = await child.step('x', async () => 5);
        await child.wait({ seconds: 1 });
        return x;
      });
      return { results: results.getResults(), mapped: mapped.getResults(), inner };`,
    ),
    polls: workflow(`
      return await context.waitForCondition('count', async (state: number) => state + 1, {
        initialState: 0,
        waitStrategy: (state: number) => state < 3 ? { shouldContinue: true, delay: { seconds: 1 } } : { shouldContinue: false },
      });`),
    large: workflow(`return 'x'.repeat(6 * 1024 * 1024);`),
    huge: workflow(`
      const parts = await context.map('parts', Array.from({ length: 40 }, (_, i) => i), async (child: any, i: number) =>
        child.step('part', async () => String(i).repeat(100_000)));
      await context.wait({ seconds: 1 });
      return parts.getResults().length;`),
    unwrapped: { code: 'export const handler = async () => 1', durable },
  });
});
afterAll(() => lambda.close());

// The SDK's shortest delay is a second, so that these tests mostly wait: they wait together.
describe.concurrent('a durable execution', () => {
  test('goes over a wait, and each step runs once', async () => {
    const answer = await lambda.call('steps:1', { n: 1 });
    expect(answer.value).toEqual({ a: 2, b: 20 });
    expect(answer.DurableExecutionArn).toMatch(
      /^arn:aws:lambda:us-east-1:000000000000:function:steps:1\/durable-execution\/[\w-]+\/[\w-]+$/,
    );
    expect(ran(lambda, 'steps')).toEqual(['a', 'b']);
    const types = await typesOf(lambda, answer.DurableExecutionArn);
    expect(types).toEqual([
      'ExecutionStarted',
      'StepStarted',
      'StepSucceeded',
      'WaitStarted',
      'WaitSucceeded',
      'StepStarted',
      'StepSucceeded',
      'ExecutionSucceeded',
    ]);
    const events = await historyOf(lambda, answer.DurableExecutionArn);
    const [started, nap] = ['ExecutionStarted', 'WaitStarted'].map((type) =>
      events.find(({ EventType }) => EventType === type),
    );
    expect(started?.ExecutionStartedDetails).toMatchObject({
      Input: { Payload: '{"n":1}' },
      ExecutionTimeout: 60,
    });
    expect(nap).toMatchObject({ Name: 'nap', WaitStartedDetails: { Duration: 1 } });
    expect(nap?.EventTimestamp).toBeInstanceOf(Date);
  });

  test('tries a step again after its delay', async () => {
    const before = Date.now();
    const answer = await lambda.call('retries:1');
    expect(answer.value).toBe(3);
    expect(ran(lambda, 'retries')).toEqual(['attempt 1', 'attempt 2', 'attempt 3']);
    expect(Date.now() - before).toBeGreaterThanOrEqual(2000);
    expect(await typesOf(lambda, answer.DurableExecutionArn)).toEqual([
      'ExecutionStarted',
      ...['StepStarted', 'StepFailed', 'StepStarted', 'StepFailed', 'StepStarted', 'StepSucceeded'],
      'ExecutionSucceeded',
    ]);
  });

  test('fails with the error of a step that nobody catches', async () => {
    const answer = await lambda.call('exhausts:1');
    expect(answer.FunctionError).toBe('Unhandled');
    expect(answer.value).toMatchObject({ errorMessage: expect.stringContaining('never works') });
    const found = await lambda.client.send(
      new GetDurableExecutionCommand({ DurableExecutionArn: answer.DurableExecutionArn }),
    );
    expect(found).toMatchObject({
      Status: 'FAILED',
      Error: { ErrorMessage: expect.stringContaining('never works') },
    });
  });

  test('goes on after a crash in the middle of a step: what was done is not done again', async () => {
    const answer = await lambda.call('crashes:1', { marker: `${lambda.stateDir}/crashed` });
    expect(answer.value).toBe(2);
    expect(ran(lambda, 'crashes')).toEqual(['before', 'middle', 'middle']);
    const invocations = (await historyOf(lambda, answer.DurableExecutionArn)).filter(
      (event) => event.EventType === 'InvocationCompleted',
    );
    expect(invocations).toHaveLength(2);
    expect(invocations[0]?.InvocationCompletedDetails?.Error?.Payload?.ErrorType).toBe('Runtime.ExitError');
  });

  test('knows a step that must run at most once as interrupted', async () => {
    const answer = await lambda.call('atMostOnce:1');
    expect(answer.FunctionError).toBe('Unhandled');
    expect(ran(lambda, 'atMostOnce')).toEqual(['once']);
  });

  test('invokes plain and durable functions, and gets their errors', async () => {
    const { plain, silent, durable: chained, errors } = (await lambda.call('chains:1')).value;
    expect({ plain, silent, chained }).toEqual({ plain: { doubled: 8 }, silent: null, chained: 2 });
    expect(errors).toEqual([
      'too much',
      expect.stringContaining('Task timed out after 1.00 seconds'),
      expect.stringContaining('never works'),
      'You cannot invoke a durable function using an unqualified ARN.',
      expect.stringContaining('Function not found'),
    ]);
  });

  test('runs branches in parallel, maps, and has child contexts', async () => {
    const answer = await lambda.call('parallels:1');
    expect(answer.value).toEqual({ results: [{ doubled: 2 }, 2], mapped: [1, 4, 9], inner: 5 });
    expect(ran(lambda, 'parallels')).toHaveLength(3);
  });

  test('polls for a condition', async () => {
    expect((await lambda.call('polls:1')).value).toBe(3);
  });

  test('may have a result larger than an answer, and a state larger than an event', async () => {
    const large = await lambda.call('large:1');
    expect(large.value).toHaveLength(6 * 1024 * 1024);
    expect((await lambda.call('huge:1')).value).toBe(40);
  });

  test('fails when the function is no durable one', async () => {
    expect((await lambda.call('unwrapped:1')).value).toMatchObject({
      errorMessage: 'Invalid Status in invocation output.',
    });
    await expect(lambda.call('steps')).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: 'You cannot invoke a durable function using an unqualified ARN.',
    });
    await expect(lambda.call('plain', {}, { DurableExecutionName: 'x' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });
});

test('many executions at once do not mix', async () => {
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) => lambda.call('steps:1', { n, many: true })),
  );
  expect(answers.map(({ value }) => value.a)).toEqual([1, 2, 3, 4, 5, 6]);
});
