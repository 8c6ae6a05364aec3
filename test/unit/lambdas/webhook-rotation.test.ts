import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { sign } from '@octokit/webhooks-methods';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { OVERLAP_DAYS, Versions } from '../../../bin/commands/webhook-secret/versions.ts';
import { OVERLAP } from '../../../lambdas/secret.ts';
import { Admission } from '../../../local/aws/admission.ts';
import { frontDoor } from '../../../local/aws/front-door.ts';
import { type Listener, listen } from '../../../local/aws/loopback.ts';
import { secretsManager } from '../../../local/aws/services/secrets-manager.ts';
import { AwsStage } from './aws-stage.ts';

const KEYS = { accessKeyId: 'AKIATEST', secretAccessKey: 'test' };
const PLACE = { region: 'us-east-1', account: '000000000000' };
const FIRST = 'the value from the beginning';

/** Lambda, for what is started. */
const lambda = new AwsStage();
let door: Listener;
let client: SecretsManagerClient;
let versions: Versions;
let handler: (event: LambdaFunctionURLEvent) => Promise<unknown>;

beforeEach(async () => {
  vi.resetModules();
  // Of this process alone: both ends of a signature have one clock.
  vi.useFakeTimers({ toFake: ['Date'] });
  const admission = new Admission([{ ...KEYS, arn: 'arn:aws:sts::000000000000:assumed-role/x/y' }]);
  door = await listen(frontDoor(admission, { secretsmanager: secretsManager(PLACE, { hook: FIRST }) }));
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', door.url);
  client = new SecretsManagerClient({ region: PLACE.region, endpoint: door.url, credentials: KEYS });
  versions = new Versions(client, 'hook');
  ({ handler } = (await import('../../../lambdas/receive-push.ts')) as never);
  return async () => {
    vi.useRealTimers();
    client.destroy();
    await door.close();
  };
});
beforeAll(async () => {
  await lambda.set({
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    DEPLOY_FUNCTION: 'deploy:live',
    SWEEP_FUNCTION: 'sweep:live',
    WEBHOOK_SECRET_IDS: '{"github":"hook"}',
  });
});
afterAll(() => lambda.strike());

let deliveries = 0;
async function push(secret: string): Promise<{ status: number; message: string }> {
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before: '1'.repeat(40),
    after: '2'.repeat(40),
    repository: { name: 'web', owner: { login: 'acme' } },
  });
  const headers = {
    'x-github-event': 'push',
    'x-github-delivery': `d-${++deliveries}`,
    'x-hub-signature-256': await sign(secret, body),
  };
  const event = { headers, requestContext: { http: { method: 'POST' } }, body, isBase64Encoded: false };
  const { statusCode, body: text } = (await handler(event as never)) as { statusCode: number; body: string };
  return { status: statusCode, message: (JSON.parse(text) as { message: string }).message };
}

/** As long as functions take to read a secret anew. */
const settle = () => vi.setSystemTime(Date.now() + 2_500);

test('while a rotation goes on both values are taken; the old one is refused after the next', async () => {
  expect((await push(FIRST)).status).toBe(202);
  const second = await versions.rotate();
  settle();
  // One repository has not got it yet, another one has.
  expect((await push(FIRST)).status).toBe(202);
  const now = await push(second);
  expect(now.status).toBe(202);
  expect(now.message).not.toContain('rotation');
  const old = await push(FIRST);
  expect(old.status).toBe(202);
  expect(old.message).toMatch(/the secret from before its last rotation, which is taken until \d{4}-/);

  const third = await versions.rotate();
  settle();
  expect((await push(third)).status).toBe(202);
  expect((await push(second)).status).toBe(202);
  expect((await push(FIRST)).status).toBe(401);
});

test('a new value is taken at once, though an old one is kept for minutes', async () => {
  expect((await push(FIRST)).status).toBe(202);
  const second = await versions.rotate();
  expect((await push(second)).status).toBe(202);
});

test('the old value is refused once its rotation was finished, by whoever has kept it five minutes later', async () => {
  expect((await push(FIRST)).status).toBe(202);
  const second = await versions.rotate();
  const { previous } = await versions.standing();
  await versions.end(previous?.id ?? '');
  expect((await versions.standing()).previous).toBeUndefined();
  vi.setSystemTime(Date.now() + 5 * 60_000 + 1);
  expect((await push(FIRST)).status).toBe(401);
  expect((await push(second)).status).toBe(202);
});

test('the old value ends by itself, when the command said that it would', async () => {
  expect(OVERLAP).toBe(OVERLAP_DAYS * 86_400_000);
  const second = await versions.rotate();
  const { previous } = await versions.standing();
  const end = previous?.until.getTime() ?? 0;
  vi.setSystemTime(end - 60_000);
  expect((await push(FIRST)).status).toBe(202);
  vi.setSystemTime(end + 60_000);
  expect((await push(FIRST)).status).toBe(401);
  expect((await push(second)).status).toBe(202);
  expect((await versions.standing(Date.now())).previous).toBeUndefined();
});

test('a secret that was never rotated has no value before', async () => {
  expect((await versions.standing()).previous).toBeUndefined();
  expect((await push('guess')).status).toBe(401);
});
