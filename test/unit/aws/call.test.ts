import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { call } from '../../../lib/aws/call.ts';
import { executionOf, invokeLater, isAlreadyStarted } from '../../../lib/aws/lambda.ts';
import { getSecretValue, stagesOf } from '../../../lib/aws/secrets-manager.ts';
import { deleteMessage, giveBack } from '../../../lib/aws/sqs.ts';
import { Admission } from '../../../local/aws/admission.ts';
import { CREDENTIALS, type Script, scripted } from './scripted.ts';

const LIST = {
  service: 'lambda',
  method: 'GET',
  path: '/2015-03-31/functions',
  query: { b: '2', a: 'x y' },
} as const;

// Waits between attempts are short, and as long as they are at most.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0.01);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a call', () => {
  test('is signed so that AWS lets it in, with what its query, body and session have', async () => {
    await using place = await scripted([{ status: 200 }]);
    await call(place.aws, LIST);
    await invokeLater(
      place.aws,
      'arn:aws:lambda:eu-west-1:111122223333:function:deploy:live',
      { a: 'ö' },
      'x-1',
    );
    const door = new Admission([{ ...CREDENTIALS, arn: 'arn:aws:iam::111122223333:role/x' }]);
    expect(place.asked).toHaveLength(2);
    for (const { method, target, headers, body } of place.asked) {
      const told = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      const request = { method, target, headers: Object.fromEntries(told), body: Buffer.from(body) };
      expect(door.check(request)).toMatchObject({ admitted: true, service: 'lambda' });
      // So that the test can fail.
      expect(door.check({ ...request, body: Buffer.from(`${body} `) })).toMatchObject({ admitted: false });
    }
  });

  test('carries the trace of the invocation, which may be another one each time', async () => {
    let invocation = 0;
    const trace = () => (++invocation === 3 ? undefined : `Root=1-${invocation};Sampled=1`);
    await using place = await scripted([{ status: 200 }], { trace });
    for (let n = 0; n < 3; n++) await call(place.aws, LIST);
    const traces = place.asked.map(({ headers }) => headers['x-amzn-trace-id']);
    expect(traces).toEqual(['Root=1-1;Sampled=1', 'Root=1-2;Sampled=1', undefined]);
  });

  const fault = (status: number, type: string) => ({ status, headers: { 'x-amzn-errortype': type } });
  test.each<[string, Script]>([
    ['throttling', [fault(429, 'TooManyRequestsException'), { status: 200 }]],
    ['throttling with the status of a wrong request', [fault(400, 'ThrottlingException'), { status: 200 }]],
    ['an error of the service', [fault(500, 'ServiceException'), fault(503, 'x'), { status: 200 }]],
    ['a connection that is cut', ['cut', { status: 200 }]],
  ])('is made again after %s, signed anew', async (_what, script) => {
    await using place = await scripted(script);
    await expect(call(place.aws, LIST)).resolves.toMatchObject({ status: 200 });
    expect(place.asked).toHaveLength(script.length);
  });

  test('is given up after as many attempts as are allowed, with the last fault', async () => {
    await using place = await scripted([fault(503, 'First'), fault(503, 'Second'), fault(503, 'Third')]);
    await expect(call(place.aws, LIST)).rejects.toMatchObject({ name: 'Third', status: 503 });
    await using impatient = await scripted(['cut'], { attempts: 1 });
    await expect(call(impatient.aws, LIST)).rejects.toMatchObject({ name: 'ECONNRESET', status: undefined });
    expect(impatient.asked).toHaveLength(1);
  });

  test('is not made again where that would not help', async () => {
    await using place = await scripted([fault(403, 'AccessDeniedException')]);
    await expect(call(place.aws, LIST)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(place.asked).toHaveLength(1);
  });

  test('that nobody answers is given up, and told so', async () => {
    await using place = await scripted(['hang'], { attempts: 1 });
    await expect(call(place.aws, LIST)).rejects.toMatchObject({
      name: 'TimeoutError',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ did not answer within 3000 ms$/),
    });
  });
});

describe('an error has the name that AWS gives it', () => {
  test.each<[string, Exclude<Script[number], string>]>([
    ['in a header', { status: 400, headers: { 'x-amzn-errortype': 'Known' }, body: '{"message":"m"}' }],
    [
      'before a URL',
      { status: 400, headers: { 'x-amzn-errortype': 'Known:http://x/y' }, body: '{"Message":"m"}' },
    ],
    ['after a namespace', { status: 400, body: '{"__type":"com.amazonaws.x#Known","message":"m"}' }],
    ['as a code', { status: 400, body: '{"code":"Known","message":"m"}' }],
  ])('%s', async (_where, answer) => {
    await using place = await scripted([answer]);
    await expect(call(place.aws, LIST)).rejects.toMatchObject({ name: 'Known', message: 'm', status: 400 });
  });

  test('or that of its status, where something else answers', async () => {
    await using place = await scripted([{ status: 404, body: '<html>' }]);
    const told = { name: 'HTTP 404', message: 'lambda answered with HTTP status 404' };
    await expect(call(place.aws, LIST)).rejects.toMatchObject(told);
  });
});

describe('Lambda', () => {
  test('is told the function in one part of the path, and the name of the execution', async () => {
    const headers = { 'x-amz-durable-execution-arn': 'arn:x' };
    await using place = await scripted([{ status: 202, headers, body: '' }]);
    expect(await invokeLater(place.aws, 'a:live', { do: 'it' }, 'name')).toEqual({ execution: 'arn:x' });
    expect(place.asked[0]).toMatchObject({
      method: 'POST',
      target: '/2015-03-31/functions/a%3Alive/invocations',
      headers: { 'x-amz-invocation-type': 'Event', 'x-amz-durable-execution-name': 'name' },
      body: '{"do":"it"}',
    });
  });

  test('tells what has begun before from what failed', async () => {
    const headers = { 'x-amzn-errortype': 'DurableExecutionAlreadyStartedException' };
    await using place = await scripted([{ status: 409, headers }, { status: 404 }]);
    const known = await invokeLater(place.aws, 'a', {}, 'n').catch((error: unknown) => error);
    const other = await invokeLater(place.aws, 'a', {}, 'n').catch((error: unknown) => error);
    expect([known, other, undefined].map(isAlreadyStarted)).toEqual([true, false, false]);
  });

  test('is asked about an execution by its ARN', async () => {
    await using place = await scripted([{ status: 200, body: '{"Status":"SUCCEEDED","Result":"1"}' }]);
    expect(await executionOf(place.aws, 'arn:a/b')).toEqual({ Status: 'SUCCEEDED', Result: '1' });
    expect(place.asked[0]?.target).toBe('/2025-12-01/durable-executions/arn%3Aa%2Fb');
  });
});

describe('Secrets Manager', () => {
  test.each([
    ['the current version', undefined, {}],
    ['a stage', { stage: 'AWSPREVIOUS' }, { VersionStage: 'AWSPREVIOUS' }],
    ['a version', { id: 'v1' }, { VersionId: 'v1' }],
  ] as const)('is asked for %s', async (_what, version, said) => {
    await using place = await scripted([{ status: 200, body: '{"SecretString":"s","SecretBinary":"AQI="}' }]);
    const value = await getSecretValue(place.aws, 'one', version);
    expect(value).toEqual({ text: 's', bytes: Buffer.from([1, 2]) });
    expect(JSON.parse(place.asked[0]?.body ?? '')).toEqual({ SecretId: 'one', ...said });
    expect(place.asked[0]?.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    });
  });

  test('has secrets without a version', async () => {
    await using place = await scripted([{ status: 200 }]);
    expect(await stagesOf(place.aws, 'one')).toEqual({});
  });
});

describe('a message of a queue', () => {
  test('is deleted and given back, though SQS answers both with an empty body', async () => {
    await using place = await scripted([{ status: 200, body: '' }]);
    await deleteMessage(place.aws, 'https://sqs.test/1/q', 'r');
    await giveBack(place.aws, 'https://sqs.test/1/q', 'r');
    const targets = place.asked.map(({ headers }) => headers['x-amz-target']);
    expect(targets).toEqual(['AmazonSQS.DeleteMessage', 'AmazonSQS.ChangeMessageVisibility']);
  });
});
