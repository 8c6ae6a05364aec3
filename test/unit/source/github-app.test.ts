import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { forgeOf } from '../../../lib/source/forge-of.ts';
import { GitHubApp } from '../../../lib/source/github/app.ts';
import { json, serve } from './server.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  // As GitHub gives it for download.
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const WEB = { owner: 'acme', name: 'web' };
const COMMIT = 'a'.repeat(40);

/** GitHub, as far as an App speaks to it: tokens are `t1`, `t2` …, and those in `revoked` are not taken. */
async function startGitHub({
  installed = ['acme/web', 'acme/api'],
  life = 3600,
  /** Old name to new one: told by a redirect to whoever asks with a token, or for the installation. */
  renamed = {} as Record<string, string>,
} = {}) {
  const revoked = new Set<string>();
  const made: object[] = [];
  let tokens = 0;
  const server = await serve(async (request, response) => {
    const { url = '', method, headers } = request;
    const bearer = headers.authorization?.replace('Bearer ', '') ?? '';
    const [, repository] = /^\/repos\/([^/]+\/[^/]+)/.exec(url) ?? [];
    if (url.endsWith('/installation') || url.startsWith('/app/')) {
      if (!isSignedJwt(bearer)) return json(response, 401, { message: 'bad JWT' });
      if (method === 'GET')
        return installed.includes(renamed[repository ?? ''] ?? repository ?? '')
          ? json(response, 200, { id: 7 })
          : json(response, 404, { message: 'Not Found' });
      if (url !== '/app/installations/7/access_tokens') return json(response, 404, { message: 'Not Found' });
      const asked = JSON.parse(await text(request)) as { repositories?: string[] };
      made.push(asked);
      // GitHub knows repositories by the names that they have today here.
      if (asked.repositories?.some((name) => !installed.includes(`acme/${name}`)))
        return json(response, 422, { message: 'There is at least one repository that does not exist' });
      const expires_at = new Date(now() + life * 1000).toISOString();
      return json(response, 201, { token: `t${++tokens}`, expires_at });
    }
    if (revoked.has(bearer) || !/^t\d$/.test(bearer))
      return json(response, 401, { message: 'Bad credentials' });
    const to = renamed[repository ?? ''];
    if (to !== undefined) {
      response.writeHead(301, { location: url.replace(repository ?? '', to) }).end();
      return;
    }
    json(response, 200, { object: { sha: COMMIT }, full_name: repository });
  });
  return Object.assign(server, {
    revoked,
    made,
    asked: () => server.requests.map(({ method, url }) => `${method} ${url}`),
  });
}

let offset = 0;
const now = () => Date.now() + offset;

function isSignedJwt(token: string): boolean {
  const [head = '', body = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString() || '{}') as Record<string, unknown>;
  const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString() || '{}') as { alg?: string };
  const at = Math.floor(now() / 1000);
  return (
    alg === 'RS256' &&
    claims.iss === '12' &&
    Number(claims.iat) <= at &&
    Number(claims.exp) > at &&
    // GitHub takes ten minutes at most.
    Number(claims.exp) - Number(claims.iat) <= 600 &&
    verify(
      'RSA-SHA256',
      Buffer.from(`${head}.${body}`),
      createPublicKey(publicKey),
      Buffer.from(signature, 'base64url'),
    )
  );
}

const filledIn = { appId: 12, privateKey };

function speaker(baseUrl: string, secret: unknown = filledIn) {
  offset = 0;
  const text = typeof secret === 'string' ? secret : JSON.stringify(secret);
  const app = new GitHubApp({ baseUrl, secret: async () => text, now });
  const access = {
    apiUrl: baseUrl,
    token: (repository: typeof WEB) => app.token(repository),
    renew: (repository: typeof WEB) => app.forget(repository),
  };
  return { app, forge: forgeOf('github', access) };
}

test('gets a token by the repository, and uses it until shortly before its end', async () => {
  await using host = await startGitHub();
  const { forge, app } = speaker(host.url);
  expect(await forge.head(WEB, 'main')).toEqual({ is: 'found', commit: COMMIT });
  await Promise.all([forge.head(WEB, 'main'), forge.head({ owner: 'ACME', name: 'Web' }, 'main')]);
  const ofToken = host.asked().filter((line) => line.includes('installation'));
  expect(ofToken).toEqual(['GET /repos/acme/web/installation', 'POST /app/installations/7/access_tokens']);
  offset = 54 * 60_000;
  expect(await app.token(WEB)).toBe('t1');
  offset = 56 * 60_000;
  expect(await app.token(WEB)).toBe('t2');
});

test('asks once for those who come at the same time', async () => {
  await using host = await startGitHub();
  const { app } = speaker(host.url);
  expect(await Promise.all([app.token(WEB), app.token(WEB), app.token(WEB)])).toEqual(['t1', 't1', 't1']);
});

test('has a token of its own for each repository', async () => {
  await using host = await startGitHub();
  const { app } = speaker(host.url);
  expect(await app.token(WEB)).not.toBe(await app.token({ owner: 'acme', name: 'api' }));
});

test('asks for no installation where it is told which one', async () => {
  await using host = await startGitHub();
  const { app } = speaker(host.url, { ...filledIn, installationId: '7' });
  await app.token(WEB);
  expect(host.asked()).toEqual(['POST /app/installations/7/access_tokens']);
});

test('gets another token, once, when the host does not take the one it has', async () => {
  await using host = await startGitHub();
  const { forge } = speaker(host.url);
  await forge.head(WEB, 'main');
  host.revoked.add('t1');
  expect(await forge.head(WEB, 'main')).toEqual({ is: 'found', commit: COMMIT });
  for (const token of ['t2', 't3', 't4', 't5']) host.revoked.add(token);
  const before = host.requests.length;
  await expect(forge.head(WEB, 'main')).rejects.toMatchObject({ code: 'source/refused' });
  // The one it had, a new one, and no third.
  expect(
    host
      .asked()
      .slice(before)
      .filter((line) => line.includes('/git/ref/')),
  ).toHaveLength(2);
});

test.each([
  ['nothing', '{}', /not filled in yet/],
  ['an empty text', '', /not filled in yet/],
  ['a token', 'ghp_abc', /not as it should be/],
  ['half of it', { appId: 12 }, /privateKey/],
  ['a key that is none', { appId: 12, privateKey: 'secret-words' }, /no key in PEM/],
])('says what to do while its secret holds %s, and repeats none of it', async (_, secret, cause) => {
  await using host = await startGitHub();
  const { app } = speaker(host.url, secret);
  const error = await app.token(WEB).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'source/app-not-set-up', temporary: false });
  expect(String(error)).toMatch(cause);
  expect(String(error)).toContain('docs/triggers.md');
  expect(String(error)).not.toMatch(/ghp_abc|secret-words/);
  expect(host.requests).toEqual([]);
});

test('goes on under the new name of a repository that was renamed, with tokens for that one alone', async () => {
  await using host = await startGitHub({ installed: ['acme/shop'], renamed: { 'acme/web': 'acme/shop' } });
  for (const installationId of [undefined, 7]) {
    host.made.length = 0;
    const { forge } = speaker(host.url, { ...filledIn, ...(installationId && { installationId }) });
    expect(await forge.currentName(WEB)).toBe('acme/shop');
    expect(await forge.head(WEB, 'main')).toEqual({ is: 'found', commit: COMMIT });
    // What sees more than one repository reads names, and nothing else.
    expect(host.made).toEqual([
      { repositories: ['web'] },
      { permissions: { metadata: 'read' } },
      { repositories: ['shop'] },
    ]);
  }
});

test('takes a key whose line ends became two letters', async () => {
  await using host = await startGitHub();
  const { app } = speaker(host.url, { appId: '12', privateKey: privateKey.replaceAll('\n', '\\n') });
  expect(await app.token(WEB)).toBe('t1');
});

test('says where it is not installed, and that the key is another App’s', async () => {
  await using host = await startGitHub();
  const { app } = speaker(host.url);
  await expect(app.token({ owner: 'acme', name: 'other' })).rejects.toMatchObject({
    code: 'source/app-not-installed',
    message: expect.stringContaining('acme/other'),
  });
  const elsewhere = speaker(host.url, { ...filledIn, installationId: '7' });
  await expect(elsewhere.app.token({ owner: 'acme', name: 'other' })).rejects.toMatchObject({
    code: 'source/app-not-installed',
  });
  const other = speaker(host.url, { ...filledIn, appId: '13' });
  await expect(other.app.token(WEB)).rejects.toMatchObject({ code: 'source/app-not-set-up' });
});
