import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { A, B, C, NONE, type Webhook, webhook } from '../push/hosts/webhooks.ts';
import { installationFile, withPreviews } from './installation-file.ts';

/** Secrets Manager, with a secret for each kind of host, and Lambda: executions by name. */
const SECRETS: Record<string, string> = { gl: 'gitlab’s', bb: 'bitbucket’s', gt: 'gitea’s', gh: 'github’s' };
const started = new Map<string, Record<string, unknown>>();
let refuseAfter = Number.POSITIVE_INFINITY;

const server = createServer(async (request, response) => {
  const body = await text(request);
  if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') {
    const { SecretId, VersionStage } = JSON.parse(body) as { SecretId: string; VersionStage: string };
    if (VersionStage === 'AWSCURRENT')
      return response.end(JSON.stringify({ SecretString: SECRETS[SecretId], VersionId: 'v' }));
    return response.writeHead(400).end(JSON.stringify({ __type: 'ResourceNotFoundException' }));
  }
  const name = String(request.headers['x-amz-durable-execution-name']);
  const fault = started.has(name)
    ? { status: 409, type: 'DurableExecutionAlreadyStartedException' }
    : started.size >= refuseAfter
      ? { status: 400, type: 'AccessDeniedException' }
      : undefined;
  if (fault !== undefined)
    return response
      .writeHead(fault.status, { 'x-amzn-errortype': fault.type })
      .end(JSON.stringify({ message: 'scripted' }));
  started.set(name, JSON.parse(body) as Record<string, unknown>);
  return response.writeHead(202).end();
});

let handler: (event: LambdaFunctionURLEvent) => Promise<unknown>;
const file = installationFile(withPreviews({ of: 'branches', branches: ['feature/*'], ttl: 3600 }));
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const variables = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_MAX_ATTEMPTS: '1',
    DEPLOY_FUNCTION: 'deploy:live',
    SWEEP_FUNCTION: 'sweep:live',
    INSTALLATION_FILE: file.path,
    WEBHOOK_SECRET_IDS: '{"gitlab":"gl","bitbucket":"bb","gitea":"gt"}',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  ({ handler } = await import('../../../lambdas/receive-push.ts'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  file.remove();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});
beforeEach(() => {
  started.clear();
  refuseAfter = Number.POSITIVE_INFINITY;
});

/** What a host with that secret signs `body` with. */
function signature(kind: string, secret: string, body: string): Record<string, string> {
  const hex = createHmac('sha256', secret).update(body).digest('hex');
  switch (kind) {
    case 'gitlab':
      return { 'x-gitlab-token': secret };
    case 'gitea':
      return { 'x-gitea-signature': hex, 'x-hub-signature-256': `sha256=${hex}` };
    default:
      return { 'x-hub-signature': `sha256=${hex}`, 'x-hub-signature-256': `sha256=${hex}` };
  }
}

async function send(name: string, secretId: string, { headers, body }: Webhook = webhook(name)) {
  const signed = signature(name.split('/')[0] ?? '', SECRETS[secretId] ?? '', body);
  const event = { headers: { ...headers, ...signed }, requestContext: { http: { method: 'POST' } }, body };
  const answer = await handler(event as unknown as LambdaFunctionURLEvent);
  const { statusCode, body: said } = answer as { statusCode: number; body: string };
  return { statusCode, ...(JSON.parse(said) as { status: string; message: string }) };
}

const HOSTS = [
  ['gitlab', 'gl', { owner: 'acme/retail', repository: 'web' }, '5b8a3e0c-9d1f-4c62-8e7b-2a60d4f1c935'],
  ['bitbucket', 'bb', { owner: 'acme', repository: 'web' }, 'd27b91e4-5f08-4c3a-b6d1-90e84a7f2c53'],
  ['gitea', 'gt', { owner: 'acme', repository: 'web' }, 'f3a91c07-5be8-4d62-90f4-e1a7c6b2d835'],
] as const;

describe.each(HOSTS)('a push to %s', (host, secretId, origin, delivery) => {
  test('is deployed, once', async () => {
    const accepted = { statusCode: 202, status: 'accepted' };
    expect(await send(`${host}/push`, secretId)).toMatchObject(accepted);
    expect(await send(`${host}/push`, secretId)).toMatchObject(accepted);
    expect([...started.keys()]).toEqual([`${host}-${delivery}`]);
    const push = { do: 'deploy', host, ...origin, app: 'web', branch: 'main', before: A, after: B, delivery };
    expect([...started.values()]).toMatchObject([push]);
  });

  test('that another host’s secret signed is refused', async () => {
    for (const other of Object.keys(SECRETS).filter((id) => id !== secretId))
      expect(await send(`${host}/push`, other)).toMatchObject({ statusCode: 401, status: 'refused' });
    expect(started.size).toBe(0);
  });

  test('that deletes a preview’s branch removes the preview, and a tag does nothing', async () => {
    expect(await send(`${host}/branch-deleted`, secretId)).toMatchObject({ statusCode: 202 });
    const unless = { host, ...origin };
    expect([...started.values()]).toMatchObject([{ do: 'remove', app: 'web', unless }]);
    started.clear();
    expect(await send(`${host}/tag-deleted`, secretId)).toMatchObject({ statusCode: 200, status: 'ignored' });
    expect(started.size).toBe(0);
  });
});

describe('an event of several refs', () => {
  const UUID = HOSTS[1][3];

  test('is heard of each, and answered once', async () => {
    const answer = await send('bitbucket/push-of-several-refs', 'bb');
    expect(answer).toMatchObject({ statusCode: 202, status: 'accepted' });
    expect(answer.message.split('; ')).toHaveLength(4);
    expect([...started]).toEqual([
      [`bitbucket-${UUID}`, expect.objectContaining({ do: 'deploy', branch: 'main', before: A, after: B })],
      [
        `bitbucket-${UUID}-2`,
        expect.objectContaining({ do: 'deploy', branch: 'feature/blue', before: NONE, after: C }),
      ],
      [`bitbucket-${UUID}-3`, expect.objectContaining({ do: 'remove' })],
    ]);
  });

  test('of which one cannot be started has failed, and goes on where it was when it is sent again', async () => {
    refuseAfter = 1;
    expect(await send('bitbucket/push-of-several-refs', 'bb')).toMatchObject({ statusCode: 500 });
    expect([...started.keys()]).toEqual([`bitbucket-${UUID}`]);
    refuseAfter = Number.POSITIVE_INFINITY;
    expect(await send('bitbucket/push-of-several-refs', 'bb')).toMatchObject({ statusCode: 202 });
    expect(started.size).toBe(3);
  });
});

describe('a host that the installation does not have', () => {
  test('is not listened to, whoever signs', async () => {
    const answer = await send('github/push', 'gh');
    expect(answer).toMatchObject({ statusCode: 400, status: 'refused' });
    expect(answer.message).toContain('no webhooks of GitHub');
  });

  test('does not get in by the secret of one that copies its headers', async () => {
    // As Gitea signs, under GitHub's name.
    const { headers, body } = webhook('gitea/push');
    const bare = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('x-gitea')));
    expect(await send('gitea/push', 'gt', { headers: bare, body, payload: {} })).toMatchObject({
      statusCode: 400,
    });
    expect(started.size).toBe(0);
  });
});
