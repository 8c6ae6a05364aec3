import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { sign } from '@octokit/webhooks-methods';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { log } from '../../../lib/log.ts';
import { installationFile, withPreviews } from './installation-file.ts';

/** Secrets Manager and Lambda, as far as they are spoken to here. */
const aws = {
  secrets: {} as Record<string, string>,
  secretReads: [] as string[],
  started: [] as { function: string; name: string; type: string; push: Record<string, unknown> }[],
  startFault: undefined as { status: number; type: string } | undefined,
};

const server = createServer(async (request, response) => {
  const body = await text(request);
  const { url = '', headers } = request;
  if (headers['x-amz-target'] === 'secretsmanager.GetSecretValue') {
    const { VersionStage } = JSON.parse(body) as { VersionStage: string };
    aws.secretReads.push(VersionStage);
    const SecretString = aws.secrets[VersionStage];
    if (SecretString !== undefined) return response.end(JSON.stringify({ SecretString, VersionId: 'v' }));
    return response
      .writeHead(400)
      .end(JSON.stringify({ __type: 'ResourceNotFoundException', message: 'none' }));
  }
  if (aws.startFault !== undefined) {
    response.writeHead(aws.startFault.status, { 'x-amzn-errortype': aws.startFault.type });
    return response.end(JSON.stringify({ message: 'scripted' }));
  }
  aws.started.push({
    function: decodeURIComponent(url.split('/')[3] ?? ''),
    name: String(headers['x-amz-durable-execution-name']),
    type: String(headers['x-amz-invocation-type']),
    push: JSON.parse(body) as Record<string, unknown>,
  });
  return response.writeHead(202).end();
});

let handler: (event: LambdaFunctionURLEvent) => Promise<unknown>;
let later = 0;
const file = installationFile(withPreviews({ of: 'branches', branches: ['feature/*'], ttl: 3600 }));
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const variables = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: endpoint,
    AWS_MAX_ATTEMPTS: '1',
    DEPLOY_FUNCTION: 'deploy:live',
    SWEEP_FUNCTION: 'sweep:live',
    INSTALLATION_FILE: file.path,
    WEBHOOK_SECRET_IDS: '{"github":"webhook"}',
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
  Object.assign(aws, {
    secrets: { AWSCURRENT: 'secret' },
    secretReads: [],
    started: [],
    startFault: undefined,
  });
  // What was kept from the test before is stale.
  later += 3_600_000;
  const now = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + later);
  return () => vi.restoreAllMocks();
});

const payload = {
  ref: 'refs/heads/main',
  before: '1'.repeat(40),
  after: '2'.repeat(40),
  repository: { name: 'Web', owner: { login: 'acme' } },
};

interface Sending {
  body?: string;
  secret?: string;
  headers?: Record<string, string>;
  method?: string;
  base64?: boolean;
}

async function send(sending: Sending = {}): Promise<{ statusCode: number; status: string; message: string }> {
  const { body = JSON.stringify(payload), secret = 'secret', method = 'POST', base64 = false } = sending;
  const event = {
    version: '2.0',
    headers: {
      'x-github-event': 'push',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256': await sign(secret, body === '' ? ' ' : body),
      ...sending.headers,
    },
    requestContext: { http: { method } },
    body: base64 ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: base64,
  };
  const answer = (await handler(event as unknown as LambdaFunctionURLEvent)) as {
    statusCode: number;
    body: string;
  };
  return {
    statusCode: answer.statusCode,
    ...(JSON.parse(answer.body) as { status: string; message: string }),
  };
}

describe('a push to the branch', () => {
  test.each([false, true])(
    'starts the deploy function by the name of the delivery (base64: %s)',
    async (base64) => {
      expect(await send({ base64 })).toEqual({
        statusCode: 202,
        status: 'accepted',
        message: `push received: main of web is at ${'2'.repeat(12)}`,
      });
      expect(aws.started).toEqual([
        {
          function: 'deploy:live',
          name: 'github-72d3162e-cc78-11e3-81ab-4c9367dc0958',
          type: 'Event',
          push: {
            do: 'deploy',
            host: 'github',
            owner: 'acme',
            repository: 'Web',
            app: 'web',
            environment: { name: 'production', namespace: 'web' },
            ref: 'refs/heads/main',
            branch: 'main',
            before: '1'.repeat(40),
            after: '2'.repeat(40),
            delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
            receivedAt: expect.any(Number),
          },
        },
      ]);
    },
  );

  test('has a name that Lambda takes, whatever the delivery is called', async () => {
    await send({ headers: { 'x-github-delivery': `${'long/'.repeat(30)}!` } });
    await send({ headers: { 'x-github-delivery': `${'long/'.repeat(30)}?` } });
    const names = aws.started.map(({ name }) => name);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9-_]{1,64}$/);
    expect(names[0]).not.toBe(names[1]);
  });

  test('that had started a deployment before is accepted, and says how there is another one', async () => {
    aws.startFault = { status: 409, type: 'DurableExecutionAlreadyStartedException' };
    expect(await send()).toMatchObject({
      ...{ statusCode: 202, status: 'accepted' },
      message: expect.stringMatching(/starts no other: .*push again or run npx fairlead redeploy web\)$/),
    });
  });

  test('that cannot be started now is answered as failed, so that it is sent again', async () => {
    aws.startFault = { status: 503, type: 'ServiceException' };
    expect(await send()).toMatchObject({ statusCode: 500, status: 'failed' });
  });
});

describe('what is not to be deployed', () => {
  test.each([
    ['a tag', { ref: 'refs/tags/v1' }, /^ignored web refs\/tags\/v1 /],
    ['another branch', { ref: 'refs/heads/fix' }, /^ignored web refs\/heads\/fix .*feature/],
    ['a deleted branch', { after: '0'.repeat(40) }, /^ignored web refs\/heads\/main .*deleted/],
  ])('%s is ignored by name', async (_what, change, message) => {
    const answer = await send({ body: JSON.stringify({ ...payload, ...change }) });
    expect(answer).toMatchObject({
      statusCode: 200,
      status: 'ignored',
      message: expect.stringMatching(message),
    });
    expect(aws.started).toEqual([]);
  });

  test('a ping is answered', async () => {
    const answer = await send({ headers: { 'x-github-event': 'ping' }, body: '{"zen":"x"}' });
    expect(answer).toMatchObject({
      statusCode: 200,
      status: 'ignored',
      message: expect.stringContaining('GitHub'),
    });
  });

  test.each<[string, number, Sending]>([
    ['a wrong signature', 401, { secret: 'guess' }],
    ['no signature', 401, { headers: { 'x-hub-signature-256': '' } }],
    ['an empty body', 401, { body: '' }],
    ['a form', 400, { body: 'payload=%7B%7D' }],
    ['no host’s headers', 400, { headers: { 'x-github-event': undefined as unknown as string } }],
    ['an event of 7 MB', 413, { body: JSON.stringify({ ...payload, commits: 'x'.repeat(7_000_000) }) }],
  ])('%s is refused', async (_what, statusCode, sending) => {
    expect(await send(sending)).toMatchObject({ statusCode, status: 'refused' });
    expect(aws.started).toEqual([]);
  });
});

test('who looks at the URL with a browser is told what it is for, and counts as no refused webhook', async () => {
  const printed = vi.spyOn(console, 'log').mockReturnValue();
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  onTestFinished(() => {
    printed.mockRestore();
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
  });
  const counted = (name: string) => printed.mock.calls.filter(([line]) => String(line).includes(name)).length;
  expect(await send({ method: 'GET' })).toMatchObject({ statusCode: 405, status: 'ignored' });
  expect(counted('WebhookRefused')).toBe(0);
  expect(aws.started).toEqual([]);
  await send({ secret: 'guess' });
  await send({ body: 'payload=%7B%7D' });
  expect(counted('WebhookRefused')).toBe(2);
  // By what was signed and understood, be it of no consequence, the doctor knows a webhook that is set up.
  expect(counted('WebhookHeard')).toBe(0);
  await send({ headers: { 'x-github-event': 'ping' }, body: JSON.stringify({ zen: 'Design for failure.' }) });
  await send();
  expect(counted('WebhookHeard')).toBe(2);
});

describe('previews', () => {
  const NONE = '0'.repeat(40);
  const other = (event: string, body: unknown) =>
    send({ headers: { 'x-github-event': event }, body: JSON.stringify(body) });

  test('a branch is deployed beside production', async () => {
    await send({ body: JSON.stringify({ ...payload, ref: 'refs/heads/feature/x' }) });
    expect(aws.started[0]?.push).toMatchObject({
      do: 'deploy',
      environment: { name: expect.stringMatching(/^preview-feature-x-/) },
    });
  });

  test.each([
    ['push', { ...payload, ref: 'refs/heads/feature/x', after: NONE }],
    ['delete', { ref: 'feature/x', ref_type: 'branch', repository: payload.repository }],
  ])(
    'a branch that is gone by the event %s has its preview removed, once for each delivery',
    async (event, body) => {
      expect(await other(event, body)).toMatchObject({ statusCode: 202, status: 'accepted' });
      expect(aws.started).toMatchObject([
        {
          function: 'deploy:live',
          name: 'github-72d3162e-cc78-11e3-81ab-4c9367dc0958',
          push: { do: 'remove', app: 'web', unless: { branch: 'feature/x' } },
        },
      ]);
    },
  );

  test.each([
    ['a deleted tag', { ref: 'v1', ref_type: 'tag' }],
    ['production’s branch', { ref: 'main', ref_type: 'branch' }],
  ])('%s removes nothing', async (_what, change) => {
    const answer = await other('delete', { ...change, repository: payload.repository });
    expect(answer).toMatchObject({ statusCode: 200, status: 'ignored' });
    expect(aws.started).toEqual([]);
  });

  const pull = (action: string, fork: boolean) => ({
    action,
    number: 7,
    pull_request: {
      head: { sha: '3'.repeat(40), ref: 'main', repo: fork ? { id: 2 } : { id: 1 } },
      base: { repo: { id: 1 } },
    },
    repository: payload.repository,
  });

  test.each(['opened', 'synchronize', 'reopened'])(
    'a fork’s pull request that is %s is only looked at',
    async (action) => {
      await other('pull_request', pull(action, true));
      expect(aws.started).toMatchObject([
        { function: 'sweep:live', type: 'Event', push: { do: 'look-at-pull', owner: 'acme', number: 7 } },
      ]);
    },
  );

  test('a fork that was deleted is a fork', async () => {
    const body = pull('opened', true);
    await other('pull_request', {
      ...body,
      pull_request: { ...body.pull_request, head: { ...body.pull_request.head, repo: null } },
    });
    expect(aws.started).toMatchObject([{ function: 'sweep:live' }]);
  });

  const comment = (body: string, association = 'MEMBER', issue: object = { pull_request: {} }) => ({
    action: 'created',
    issue: { number: 7, ...issue },
    comment: { body, author_association: association, user: { login: 'ann' } },
    repository: payload.repository,
  });

  test('a word of a member has the pull request looked at', async () => {
    const commit = '3'.repeat(40);
    await other('issue_comment', comment(`/fairlead preview ${commit}`));
    expect(aws.started).toMatchObject([{ function: 'sweep:live', push: { word: { commit, by: 'ann' } } }]);
  });

  test.each([
    ['a stranger’s word', comment('/fairlead preview', 'CONTRIBUTOR')],
    ['small talk', comment('looks good')],
    ['a word below an issue', comment('/fairlead preview', 'OWNER', {})],
    ['an edited word', { ...comment('/fairlead preview'), action: 'edited' }],
  ])('%s has not', async (_what, body) => {
    expect(await other('issue_comment', body)).toMatchObject({ statusCode: 200, status: 'ignored' });
    expect(aws.started).toEqual([]);
  });
});

describe('the secret', () => {
  test('is read once for many pushes', async () => {
    await send();
    await send();
    expect(aws.secretReads).toEqual(['AWSCURRENT']);
  });

  test('is read again when a signature does not fit: it may have been rotated', async () => {
    await send();
    aws.secrets = { AWSCURRENT: 'rotated', AWSPREVIOUS: 'secret' };
    expect(await send({ secret: 'rotated' })).toMatchObject({ statusCode: 202 });
    expect(await send({ secret: 'secret' })).toMatchObject({ statusCode: 202 });
    expect(await send({ secret: 'older' })).toMatchObject({ statusCode: 401 });
  });

  test('is not read for everyone who guesses', async () => {
    for (let n = 0; n < 10; n++) await send({ secret: `guess ${n}` });
    expect(aws.secretReads.length).toBeLessThanOrEqual(3);
  });

  test('that cannot be read refuses nobody: the delivery can be sent again', async () => {
    aws.secrets = {};
    expect(await send()).toMatchObject({ statusCode: 500, status: 'failed' });
    aws.secrets = { AWSCURRENT: 'secret' };
    expect(await send()).toMatchObject({ statusCode: 202 });
  });
});

test('what is told of a stranger’s request is not told of the push before it', async () => {
  log.setLogLevel('WARN');
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await send();
  await send({ secret: 'guess' });
  log.setLogLevel('SILENT');
  const told = written.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('"WARN"'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('a webhook with a wrong signature was refused');
  expect(told[0]).not.toMatch(/72d3162e-cc78|2{40}/);
});
