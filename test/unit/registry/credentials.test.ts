import { describe, expect, test } from 'vitest';
import type { Credentials } from '../../../lib/registry/credentials.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { faultOf, useRegistries } from './fixture.ts';
import { AMD64, imageOf, layerOf, QUICK } from './images.ts';
import { answering, error, type ScriptedRegistry, type Seen } from './scripted-registry.ts';

const start = useRegistries();
const ALICE: Credentials = { username: 'alice', password: 'wonder:land' };
const BASIC = `Basic ${Buffer.from('alice:wonder:land').toString('base64')}`;

const clientWith = (credentials: Credentials | undefined, patience = QUICK) =>
  new Registries({ patience, credentials: async () => credentials });

/** Refuses every request to the API that `allows` does not pass, with this challenge. */
function guard(
  registry: ScriptedRegistry,
  challenge: string,
  allows: (authorization: string, seen: Seen) => boolean,
) {
  registry.guard = (seen) =>
    !seen.url.startsWith('/v2/') || allows(seen.headers.authorization ?? '', seen) ? undefined : challenge;
}

/** A token service on the registry itself, whose tokens tell what they allow. */
function tokenService(registry: ScriptedRegistry, answer: (seen: Seen) => object): void {
  registry.on('GET', /^\/token/, (request, response) => {
    const { method = '', url = '', headers } = request;
    response.end(JSON.stringify(answer({ method, url, headers })));
  });
}

const bearer = ({ host }: ScriptedRegistry) => `Bearer realm="http://${host}/token",service="the registry"`;

describe('basic authentication', () => {
  test('sends the credentials once the registry asks for them', async () => {
    const registry = await start();
    guard(registry, 'Basic realm="x"', (authorization) => authorization === BASIC);
    await clientWith(ALICE).publish(imageOf(layerOf(9_000_000)), `${registry.host}/web`, ['1']);
    expect(registry.seen[0]?.headers.authorization).toBeUndefined();
    expect(registry.manifests.has('web:1')).toBe(true);
  });

  test('sends them at once to a registry that is known to want them', async () => {
    const registry = await start();
    guard(registry, 'Basic realm="x"', (authorization) => authorization === BASIC);
    const known = clientWith({ ...ALICE, unasked: true });
    await known.publish(imageOf(layerOf(1_000)), `${registry.host}/web`, ['1']);
    expect(new Set(registry.seen.map(({ headers }) => headers.authorization))).toEqual(new Set([BASIC]));
  });

  test.each([
    ['none', undefined],
    ['wrong ones', { username: 'bob', password: 'x' }],
  ])('says who refused when there are %s, and does not try again', async (_name, credentials) => {
    const registry = await start();
    guard(registry, 'Basic realm="x"', () => false);
    const fault = await faultOf(clientWith(credentials).resolve(`${registry.host}/web:1`, AMD64));
    expect(fault).toMatchObject({
      code: 'registry/unauthorized',
      registryCode: 'UNAUTHORIZED',
      temporary: false,
    });
    expect(registry.lines().length).toBeLessThanOrEqual(2);
  });
});

describe('bearer tokens', () => {
  const allowed =
    (path: string) =>
    (authorization: string, { method }: Seen) =>
      authorization === `Bearer ${path}:${method === 'GET' ? 'pull' : 'pull,push'}`;

  test('anonymous: one token for a pull', async () => {
    const registry = await start();
    const image = imageOf(layerOf(10));
    await clientWith(undefined).publish(image, `${registry.host}/team/web`, ['1']);
    registry.seen.length = 0;
    guard(registry, bearer(registry), allowed('repository:team/web'));
    tokenService(registry, ({ url }) => ({
      token: new URL(url, 'http://x').searchParams.get('scope'),
      expires_in: 300,
    }));
    const client = clientWith(undefined);
    const back = await client.resolve(`${registry.host}/team/web:1`, AMD64);
    await client.resolve(`${registry.host}/team/web:1`, AMD64);
    expect(back.digest).toBe(image.digest);
    expect(registry.lines(/token/)).toEqual([
      'GET /token?service=the+registry&scope=repository%3Ateam%2Fweb%3Apull',
    ]);
    expect(
      registry.seen.filter(({ url }) => url.startsWith('/token'))[0]?.headers.authorization,
    ).toBeUndefined();
  });

  test('with credentials, which only the token service sees, and the right to mount', async () => {
    const registry = await start();
    const base = layerOf(10);
    registry.addBlob('bases/go', base.bytes);
    guard(registry, bearer(registry), (authorization, { url }) =>
      authorization.endsWith(
        url.includes('mount=') ? 'repository:web:pull,push repository:bases/go:pull' : ':web:pull,push',
      ),
    );
    tokenService(registry, ({ url }) => ({
      access_token: new URL(url, 'http://x').searchParams.getAll('scope').join(' '),
    }));
    const image = imageOf({ ...base, source: `${registry.host}/bases/go` });
    const { mountedBytes } = await clientWith(ALICE).publish(image, `${registry.host}/web`, ['1']);
    expect(mountedBytes).toBe(base.bytes.length);
    for (const { url, headers } of registry.seen) {
      if (url.startsWith('/token')) expect(headers.authorization).toBe(BASIC);
      else expect(headers.authorization ?? '').not.toContain('Basic');
    }
    expect(registry.lines(/token/)).toHaveLength(2);
  });

  test('a token that was revoked is got anew, once', async () => {
    const registry = await start();
    await clientWith(undefined).publish(imageOf(), `${registry.host}/web`, ['1']);
    let good = 1;
    let given = 0;
    guard(registry, bearer(registry), (authorization) => authorization === `Bearer ${good}`);
    tokenService(registry, () => ({ token: String(++given) }));
    const client = clientWith(undefined);
    await client.resolve(`${registry.host}/web:1`, AMD64);
    good = 2;
    await client.resolve(`${registry.host}/web:1`, AMD64);
    good = 0;
    expect((await faultOf(client.resolve(`${registry.host}/web:1`, AMD64))).code).toBe(
      'registry/unauthorized',
    );
    expect(given).toBe(3);
  });

  test.each([
    ['refuses', answering(403, {}, error('DENIED', 'not you')), 'registry/denied'],
    ['answers nonsense', answering(200, {}, 'hello'), 'registry/bad-answer'],
    ['answers without a token', answering(200, {}, '{}'), 'registry/bad-answer'],
    ['answers too much', answering(200, {}, Buffer.alloc(2_000_000)), 'registry/too-large'],
  ])('the token service %s', async (_name, script, code) => {
    const registry = await start();
    guard(registry, bearer(registry), () => false);
    registry.on('GET', /^\/token/, script);
    expect((await faultOf(clientWith(ALICE).resolve(`${registry.host}/web:1`, AMD64))).code).toBe(code);
  });

  test.each(['http://tokens.example/token', 'ftp://127.0.0.1/', 'http://user:x@127.0.0.1/', 'nonsense'])(
    'a token service at %s gets no credentials',
    async (realm) => {
      const registry = await start();
      guard(registry, `Bearer realm="${realm}"`, () => false);
      const fault = await faultOf(clientWith(ALICE).resolve(`${registry.host}/web:1`, AMD64));
      expect(fault.code).toMatch(/registry\/(insecure-token-service|bad-answer)/);
    },
  );
});

describe('credentials stay with their host', () => {
  test('when a blob is redirected to another', async () => {
    const [registry, storage] = [await start(), await start()];
    const image = imageOf(layerOf(10));
    await clientWith(undefined).publish(image, `${registry.host}/web`, ['1']);
    guard(registry, 'Basic realm="x"', (authorization) => authorization === BASIC);
    storage.on('GET', /presigned/, answering(200, {}, Buffer.from(image.configBytes)));
    registry.on(
      'GET',
      /blobs/,
      answering(307, { location: `http://${storage.host}/presigned?signature=hidden` }),
    );
    const back = await clientWith(ALICE).resolve(`${registry.host}/web:1`, AMD64);
    expect(back.digest).toBe(image.digest);
    expect(storage.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('when an upload session is at another', async () => {
    const [registry, storage] = [await start(), await start()];
    guard(registry, 'Basic realm="x"', (authorization) => authorization === BASIC);
    storage.uploads.set('1', Buffer.alloc(0));
    registry.on(
      'POST',
      /uploads/,
      answering(202, { location: `http://${storage.host}/v2/web/blobs/uploads/1` }),
    );
    registry.on('PUT', /manifests/, answering(201));
    await clientWith(ALICE).publish(imageOf(), `${registry.host}/web`, ['1']);
    expect(storage.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('and are in no message', async () => {
    const registry = await start();
    guard(registry, bearer(registry), () => false);
    registry.on('GET', /^\/token/, answering(500, {}, BASIC));
    const fault = await faultOf(
      clientWith(ALICE, { ...QUICK, attempts: 1 }).resolve(`${registry.host}/web:1`, AMD64),
    );
    expect(JSON.stringify([fault.message, fault.fault])).not.toMatch(/wonder|alice|Basic/);
  });
});
