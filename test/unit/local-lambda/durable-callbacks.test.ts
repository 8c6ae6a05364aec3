import {
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, until } from './local-lambda.ts';
import { workflow } from './workflow.ts';

let lambda: Awaited<ReturnType<typeof start>>;
beforeAll(async () => {
  lambda = await start({
    asks: workflow(`
      return await context.waitForCallback('answer', async (id: string) => { console.log(JSON.stringify({ callback: id, of: event.key })); },
        { timeout: { seconds: event.timeout ?? 30 }, ...(event.heartbeat ? { heartbeatTimeout: { seconds: event.heartbeat } } : {}) })
        .catch((error: Error) => ({ caught: error.name + ': ' + error.message }));`),
  });
});
afterAll(() => lambda.close());

describe.concurrent('a callback', () => {
  let asked = 0;
  const ask = async (event: object) => {
    asked += 1;
    const key = asked;
    const answer = lambda.call('asks:1', { ...event, key });
    const ids = () =>
      lambda.heard.flatMap((heard) =>
        'record' in heard && heard.record.of === key ? [String(heard.record.callback)] : [],
      );
    await until(() => ids().length > 0);
    return { CallbackId: String(ids()[0]), answer };
  };

  test('that succeeds brings its result, once', async () => {
    const { CallbackId, answer } = await ask({});
    const Result = Buffer.from('"granted"');
    await lambda.client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result }));
    expect((await answer).value).toBe('"granted"');
    await expect(
      lambda.client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result })),
    ).rejects.toMatchObject({ name: 'CallbackTimeoutException' });
  });

  test('that fails brings its error', async () => {
    const { CallbackId, answer } = await ask({});
    const error = { ErrorType: 'Denied', ErrorMessage: 'not today' };
    await lambda.client.send(new SendDurableExecutionCallbackFailureCommand({ CallbackId, Error: error }));
    expect((await answer).value.caught).toContain('not today');
  });

  test('times out', async () => {
    const { answer } = await ask({ timeout: 1 });
    expect((await answer).value.caught).toContain('Callback timed out');
  });

  test('lives on heartbeats, and times out without', async () => {
    const { CallbackId, answer } = await ask({ heartbeat: 1 });
    for (let beat = 0; beat < 4; beat += 1) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await lambda.client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId }));
    }
    expect((await answer).value.caught).toContain('heartbeat');
  });

  test('that nobody asked for is refused', async () => {
    await expect(
      lambda.client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: 'YQ==' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });
});
