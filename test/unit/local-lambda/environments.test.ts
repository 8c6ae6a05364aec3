import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { isAlive, node, start, until } from './local-lambda.ts';

const who = `
  let calls = 0;
  export const handler = async (event: any) => {
    calls += 1;
    await new Promise((resolve) => setTimeout(resolve, event.ms ?? 0));
    return { pid: process.pid, calls, tmp: process.env.TMPDIR };
  }`;

let lambda: Awaited<ReturnType<typeof start>>;
afterEach(() => lambda.close());

test('an environment is used again, for one invocation at a time', async () => {
  lambda = await start({ who: { code: who } });
  const first = (await lambda.call('who')).value;
  const second = (await lambda.call('who')).value;
  expect(second).toEqual({ ...first, calls: 2 });
  const both = await Promise.all([lambda.call('who', { ms: 200 }), lambda.call('who', { ms: 200 })]);
  const [a, b] = both.map(({ value }) => value.pid);
  expect(a).not.toBe(b);
  expect(lambda.environments('who')).toBe(2);
});

test('an environment that idles is ended, with its files', async () => {
  lambda = await start({ who: { code: who } }, { idleMs: 50 });
  const { pid, tmp } = (await lambda.call('who')).value;
  expect(isAlive(pid)).toBe(true);
  await until(() => !isAlive(pid) && lambda.environments('who') === 0 && !existsSync(tmp));
  expect((await lambda.call('who')).value.calls).toBe(1);
});

test('reserved concurrency throttles calls, and lets events wait', async () => {
  lambda = await start({ who: { code: who, reservedConcurrency: 1 } });
  const running = lambda.call('who', { ms: 300 });
  await until(() => lambda.environments('who') === 1);
  await expect(lambda.call('who')).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  expect((await lambda.call('who', {}, { InvocationType: 'Event' })).StatusCode).toBe(202);
  const { pid } = (await running).value;
  await until(async () => (await lambda.call('who').catch(() => undefined))?.value.calls >= 3);
  expect((await lambda.call('who')).value.pid).toBe(pid);
});

test('closing ends every process', async () => {
  lambda = await start({ who: { code: who } });
  const { pid } = (await lambda.call('who')).value;
  await lambda.close();
  await until(() => !isAlive(pid));
});

test('closing ends what is going on, and starts nothing again', async () => {
  const flow = `import { withDurableExecution } from '@aws/durable-execution-sdk-js';
    export const handler = withDurableExecution(async (_: any, context: any) => {
      await context.invoke('who', { ms: 60000 }).catch(() => {});
      await context.wait({ seconds: 60 });
    });`;
  const durable = { executionTimeout: 600 };
  lambda = await start(
    { who: { code: who, timeout: 100, reservedConcurrency: 1 }, flow: { code: flow, durable } },
    { retryDelaysMs: [0, 0] },
  );
  for (const name of ['flow:1', 'who', 'who'])
    await lambda.call(name, { ms: 60_000 }, { InvocationType: 'Event' });
  const waiting = lambda.call('flow:1', { second: true }).catch((error: Error) => error.name);
  await until(() => lambda.environments('who') === 1 && lambda.environments('flow') >= 1);
  await lambda.close();
  await waiting;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([lambda.environments('who'), lambda.environments('flow')]).toEqual([0, 0]);
});

test('an event that fails is tried twice more, with the same request id', async () => {
  const code = `export const handler = async (_: unknown, { awsRequestId }: any) => {
    console.log(JSON.stringify({ attempt: awsRequestId }));
    throw new Error('again');
  }`;
  lambda = await start({ fails: { code } }, { retryDelaysMs: [10, 20] });
  const answer = await lambda.call('fails', {}, { InvocationType: 'Event' });
  expect(answer).toMatchObject({ StatusCode: 202, value: undefined });
  const attempts = () =>
    lambda.heard.flatMap((heard) =>
      'record' in heard && heard.record.attempt ? [heard.record.attempt] : [],
    );
  await until(() => attempts().length === 3);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(attempts()).toHaveLength(3);
  expect(new Set(attempts()).size).toBe(1);
});

test('when the local cloud is killed, no function outlives it, nor what a function started', async () => {
  const code = `import { spawn } from 'node:child_process';
    export const handler = async () => {
      console.log(JSON.stringify({ pids: [process.pid, spawn('sleep', ['100']).pid] }));
      await new Promise(() => setTimeout(() => {}, 100_000));
    }`;
  lambda = await start({ waits: { code, timeout: 200 } });
  // The same again, in a process that can be killed.
  const script = join(lambda.stateDir, 'cloud.ts');
  await writeFile(script, cloud(lambda.stateDir));
  const child = spawn(node, ['--no-warnings', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  const pids: number[] = JSON.parse(line);
  expect(pids.map(isAlive)).toEqual([true, true]);
  child.kill('SIGKILL');
  await until(() => pids.every((pid) => !isAlive(pid)));
  expect(await readFile(join(lambda.stateDir, 'second', 'logs', 'waits.log'), 'utf8')).toContain('pids');
});

const cloud = (stateDir: string) => `
  import { startLambda } from ${JSON.stringify(fileURLToPath(new URL('../../../local/lambda/start.ts', import.meta.url)))};
  const lambda = await startLambda({
    stateDir: ${JSON.stringify(join(stateDir, 'second'))}, region: 'us-east-1', account: '000000000000',
    functions: [{ name: 'waits', directory: ${JSON.stringify(join(stateDir, 'code', 'waits'))},
      handler: 'index.handler', environment: {}, memory: 128, timeout: 200 }],
    endpoints: () => ({}), credentialsFor: () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
    node: process.execPath, idleMs: 1000,
  });
  lambda.records.on('record', ({ record }) => console.log(JSON.stringify(record.pids)));
  await fetch(lambda.endpoint + '/2015-03-31/functions/waits/invocations', { method: 'POST', body: '{}' });
`;
