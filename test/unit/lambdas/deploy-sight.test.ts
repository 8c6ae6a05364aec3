import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Push } from '../../../lib/push/types.ts';

const A = 'a'.repeat(40);
const servers: Server[] = [];
/** What the secret holds, and the token that sees the repository. */
let secret = '';
const SEES = 't0ken';

async function serve(answer: (path: string, headers: NodeJS.Dict<string | string[]>) => unknown) {
  const server = createServer((request, response) => {
    const body = answer(request.url ?? '', request.headers);
    response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? { message: 'Not Found' }));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A host as GitHub is: a token that does not see a repository gets 404, as if there were none. */
const host = (path: string, { authorization }: NodeJS.Dict<string | string[]>) => {
  if (authorization !== `Bearer ${SEES}`) return undefined;
  if (path === '/repos/acme/web') return { full_name: 'acme/web' };
  return path.endsWith('/heads/main') ? { object: { sha: A, type: 'commit' } } : undefined;
};

beforeEach(async () => {
  const variables = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: await serve(() => ({ SecretString: secret })),
    LEDGER_TABLE: 'ledger',
    BUILD_FUNCTION: 'build',
    ROLLOUT_FUNCTION: 'roll-out',
    IMAGE_REPOSITORY_PREFIX: 'registry/fairlead',
    SERVICE_TYPE: 'ClusterIP',
    LOAD_BALANCERS: 'internet-facing',
    HOST_API_URLS: JSON.stringify({ github: await serve(host) }),
    HOST_TOKEN_SECRET_IDS: JSON.stringify({ github: 'fairlead/github-token' }),
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) server.close();
});

const ofBranch = (branch: string) =>
  ({ host: 'github', owner: 'acme', repository: 'web', branch, after: A }) as Push;

test('a token that does not see the repository is told with the secret that holds it', async () => {
  const { seenHeadOf } = await import('../../../lambdas/deploy/sight.ts');
  secret = 'another';
  await expect(seenHeadOf(ofBranch('main'))).rejects.toMatchObject({
    code: 'source/not-seen',
    temporary: false,
    message: expect.stringMatching(
      /^GitHub shows the token no repository acme\/web .*may read it into the secret fairlead\/github-token .*push again/,
    ),
  });
});

test('a token that was put in since the other one was read is taken up at once', async () => {
  const { seenHeadOf } = await import('../../../lambdas/deploy/sight.ts');
  secret = 'another';
  await expect(seenHeadOf(ofBranch('main'))).rejects.toThrow('shows the token no repository');
  secret = SEES;
  vi.setSystemTime(Date.now() + 3_000);
  expect(await seenHeadOf(ofBranch('main'))).toEqual({ is: 'found', commit: A });
});

test('a branch that is not there is gone, where the repository is seen', async () => {
  const { seenHeadOf } = await import('../../../lambdas/deploy/sight.ts');
  secret = SEES;
  expect(await seenHeadOf(ofBranch('other'))).toEqual({ is: 'gone' });
});
