import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { account, credentials, isAlive, region, start, until } from './local-lambda.ts';

let lambda: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  process.env.SECRET_OF_OURS = 'not for functions';
  lambda = await start({
    echo: { code: 'export const handler = async (event: unknown) => event', environment: { MINE: 'yes' } },
    look: {
      code: `export const handler = async (_: unknown, context: any) => ({
        env: process.env, cwd: process.cwd(), pid: process.pid, args: process.execArgv,
        context: { ...context, left: context.getRemainingTimeInMillis() },
      })`,
      environment: { MINE: 'yes' },
    },
    nothing: { code: 'export const handler = async () => undefined' },
    throws: {
      code: `export const handler = async (event: any) => {
        if (event.late) setTimeout(() => { throw new TypeError('late') }, 5);
        if (event.late) await new Promise((resolve) => setTimeout(resolve, 1000));
        if (event.text) throw 'only text';
        if (event.reject) { Promise.reject(new Error('lost')); await new Promise(() => setTimeout(() => {}, 5000)); }
        throw new RangeError('no');
      }`,
    },
    exits: { code: 'export const handler = async (event: any) => process.exit(event.code)' },
    slow: {
      code: `import { spawn } from 'node:child_process';
        export const handler = async (event: any) => {
          const child = spawn('sleep', ['60']);
          console.log(JSON.stringify({ pid: process.pid, child: child.pid }));
          await new Promise((resolve) => setTimeout(resolve, event.ms));
          return 'done';
        }`,
      timeout: 1,
    },
    spins: { code: 'export const handler = async () => { for (;;); }', timeout: 1 },
    broken: { code: "throw new Error('cannot start'); export const handler = async () => 1" },
    nameless: { code: 'export const other = 1' },
    callback: { code: 'export const handler = (event: any, context: any, done: any) => done(null, 1)' },
    eats: {
      code: `export const handler = async () => {
        const all: unknown[] = [];
        for (;;) all.push(Array.from({ length: 10_000 }, (_, i) => ({ i })));
      }`,
      memory: 64,
      timeout: 30,
    },
    big: { code: `export const handler = async (n: number) => 'x'.repeat(n)` },
    logs: {
      code: `export const handler = async () => {
        console.log(JSON.stringify({ level: 'INFO', message: 'hallo', n: 1 }));
        console.log('plain text');
        process.stderr.write('no end of line');
      }`,
    },
  });
});
afterAll(() => lambda.close());

describe('what a handler gets', () => {
  test('the event, and its answer comes back', async () => {
    const answer = await lambda.call('echo', { a: ['ü', 1, null] });
    expect(answer.value).toEqual({ a: ['ü', 1, null] });
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(answer.FunctionError).toBeUndefined();
  });

  test('an empty object when there is no payload; undefined comes back as null', async () => {
    const answer = await lambda.client.send(new InvokeCommand({ FunctionName: 'echo' }));
    expect(answer.Payload?.transformToString()).toBe('{}');
    expect((await lambda.call('nothing')).value).toBeNull();
  });

  test("Lambda's environment, the function's own, and nothing of ours", async () => {
    const { env, cwd, args } = (await lambda.call('look')).value;
    expect(env).toMatchObject({
      MINE: 'yes',
      AWS_LAMBDA_FUNCTION_NAME: 'look',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_REGION: region,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
      TZ: ':UTC',
      LAMBDA_TASK_ROOT: cwd,
      _HANDLER: 'index.handler',
    });
    expect(env.TMPDIR).toContain(lambda.stateDir);
    expect(Object.keys(env).filter((name) => /OURS|VITEST|NODE|npm|HOME/.test(name))).toEqual([]);
    expect(args).toEqual(['--max-old-space-size=115']);
  });

  test('the context', async () => {
    const ClientContext = Buffer.from('{"client":{"a":1}}').toString('base64');
    const { context } = (await lambda.call('look', {}, { ClientContext, Qualifier: 'live' })).value;
    expect(context).toMatchObject({
      functionName: 'look',
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:${region}:${account}:function:look:live`,
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/look',
      clientContext: { client: { a: 1 } },
    });
    expect(context.left).toBeGreaterThan(9000);
    expect(context.left).toBeLessThanOrEqual(10_000);
  });
});

test.each([
  'echo',
  'echo:live',
  `${account}:function:echo`,
  `arn:aws:lambda:${region}:${account}:function:echo:7`,
])('a function goes by %s', async (name) => {
  expect((await lambda.call(name, 1)).value).toBe(1);
});

test('an unknown function, an event that is not JSON or too large, and a forged call are refused', async () => {
  await expect(lambda.call('nobody')).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: `Function not found: arn:aws:lambda:${region}:${account}:function:nobody`,
  });
  await expect(
    lambda.client.send(new InvokeCommand({ FunctionName: 'echo', Payload: Buffer.from('{') })),
  ).rejects.toMatchObject({ name: 'InvalidRequestContentException' });
  await expect(lambda.call('echo', 'x'.repeat(6 * 1024 * 1024))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 413 },
  });
});

describe('errors of a function', () => {
  test('one that it throws', async () => {
    const answer = await lambda.call('throws');
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(answer.value).toMatchObject({ errorType: 'RangeError', errorMessage: 'no' });
    expect(answer.value.trace[0]).toBe('RangeError: no');
    expect((await lambda.call('throws', { text: true })).value).toMatchObject({ errorMessage: 'only text' });
  });

  test('one that nobody catches, and a promise that is lost', async () => {
    const late = await lambda.call('throws', { late: true });
    expect(late.value).toMatchObject({ errorType: 'TypeError', errorMessage: 'late' });
    const lost = await lambda.call('throws', { reject: true });
    expect(lost.value).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'lost',
    });
  });

  test('a process that ends', async () => {
    const { value, FunctionError } = await lambda.call('exits', { code: 3 });
    expect(FunctionError).toBe('Unhandled');
    expect(value.errorType).toBe('Runtime.ExitError');
    expect(value.errorMessage).toMatch(/^RequestId: .+ Error: Runtime exited with error: exit status 3$/);
    expect((await lambda.call('exits', { code: 0 })).value.errorMessage).toContain(
      'without providing a reason',
    );
  });

  test.each([
    ['broken', 'Error', 'cannot start'],
    ['nameless', 'Runtime.HandlerNotFound', 'index.handler is undefined or not exported'],
    ['callback', 'Runtime.CallbackHandlerDeprecated', 'a handler takes (event, context)'],
  ])('one that cannot be loaded: %s', async (name, errorType, message) => {
    const { value } = await lambda.call(name);
    expect(value.errorType).toBe(errorType);
    expect(value.errorMessage).toContain(message);
  });

  test('more memory than it has', async () => {
    expect((await lambda.call('eats')).value).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('signal: SIGABRT'),
    });
  });

  test('an answer that is too large', async () => {
    expect((await lambda.call('big', 6 * 1024 * 1024)).value.errorType).toBe('Function.ResponseSizeTooLarge');
    expect((await lambda.call('big', 100)).value).toHaveLength(100);
  });
});

describe('a time-out', () => {
  test('ends the environment and all that it started', async () => {
    const { value, FunctionError } = await lambda.call('slow', { ms: 20_000 });
    expect(FunctionError).toBe('Unhandled');
    expect(value.errorType).toBe('Sandbox.Timedout');
    expect(value.errorMessage).toMatch(/Task timed out after 1\.00 seconds$/);
    const [line] = lambda.heard.filter((record) => record.function === 'slow');
    const { pid, child } = (line as { record: Record<string, number> }).record;
    await until(() => !isAlive(pid ?? 0) && !isAlive(child ?? 0));
  });

  test('comes too when the handler never gives way', async () => {
    expect((await lambda.call('spins')).value.errorType).toBe('Sandbox.Timedout');
  });

  test('leaves nothing behind for the next invocation', async () => {
    expect((await lambda.call('slow', { ms: 1 })).value).toBe('done');
  });
});

test('what a function logs is told line by line, and kept in its file', async () => {
  await lambda.call('logs');
  await until(() => lambda.heard.filter((record) => record.function === 'logs').length >= 2);
  const [json, text] = lambda.heard.filter((record) => record.function === 'logs');
  expect(json).toMatchObject({ record: { level: 'INFO', message: 'hallo', n: 1 } });
  expect(json?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(text).toMatchObject({ text: 'plain text', requestId: json?.requestId });
  const file = await readFile(join(lambda.stateDir, 'logs', 'logs.log'), 'utf8');
  expect(file).toBe('{"level":"INFO","message":"hallo","n":1}\nplain text\n');
});

test('DryRun runs nothing; GetFunction describes', async () => {
  expect(await lambda.call('exits', {}, { InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
  const { Configuration } = await lambda.client.send(new GetFunctionCommand({ FunctionName: 'echo' }));
  expect(Configuration).toMatchObject({ FunctionName: 'echo', Timeout: 10, State: 'Active' });
});

test('an operation that is not spoken is refused by name', async () => {
  const client = new LambdaClient({
    endpoint: `${lambda.endpoint}/elsewhere`,
    region,
    credentials,
    maxAttempts: 1,
  });
  await expect(client.send(new GetFunctionCommand({ FunctionName: 'echo' }))).rejects.toThrow(
    'the local cloud does not speak GET /elsewhere',
  );
});
