import { afterEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { KubeError } from '../../../lib/kube/error.ts';
import { type Answer, fakeApi, json, refuse } from './fake-api.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(answer: Answer) {
  const api = await fakeApi(answer);
  const kube = new Kube(api.connection);
  closing.push(() => kube.close(), api.close);
  return { api, kube };
}

const refused = (promise: Promise<unknown>): Promise<KubeError> =>
  promise.then(
    () => {
      throw new Error('it was not refused');
    },
    (error) => error,
  );

it('asks once more with a fresh token when the API refuses the kept one', async () => {
  const { api, kube } = await start(({ token }, response) =>
    token === 'fresh' ? json(response, 200, { ok: true }) : refuse(response, 401, 'Unauthorized'),
  );
  expect(await kube.get('/version')).toEqual({ ok: true });
  expect(api.requests.map(({ token }) => token)).toEqual(['kept', 'fresh']);
});

it('gives up when the fresh token is refused, too', async () => {
  const { api, kube } = await start((_, response) => refuse(response, 401, 'Unauthorized'));
  const error = await refused(kube.get('/version'));
  expect(error).toMatchObject({ code: 'kube/unauthorized', status: 401, temporary: true });
  expect(error.message).toContain('access entry');
  expect(api.requests).toHaveLength(2);
});

it('frames the body of a DELETE, so that the next request on the connection is understood', async () => {
  const { api, kube } = await start((_, response) => json(response, 200, {}));
  await kube.send('DELETE', '/one', { body: { preconditions: { uid: 'é' } } });
  await kube.get('/two');
  expect(api.requests.map(({ method, body }) => [method, body])).toEqual([
    ['DELETE', { preconditions: { uid: 'é' } }],
    ['GET', undefined],
  ]);
});

it('begins anew on a connection that the server has closed while it was idle', async () => {
  const { api, kube } = await start((_, response) => json(response, 200, {}));
  await kube.get('/one');
  api.cut();
  await expect(kube.get('/two')).resolves.toEqual({});
});

it.each([
  [404, 'NotFound', 'pods "x" not found', 'kube/not-found', false],
  [403, 'Forbidden', 'User "u" cannot list resource "pods"', 'kube/forbidden', false],
  [409, 'AlreadyExists', 'x', 'kube/already-exists', false],
  [422, 'Invalid', 'x', 'kube/invalid', false],
  [429, 'TooManyRequests', 'x', 'kube/too-many-requests', true],
  [500, 'InternalError', 'etcdserver: request timed out', 'kube/internal-error', true],
  [
    500,
    '',
    'failed to create typed patch object: .spec.x: field not declared in schema',
    'kube/invalid',
    false,
  ],
  [503, 'ServiceUnavailable', 'x', 'kube/service-unavailable', true],
])('names %i %s', async (status, reason, message, code, temporary) => {
  const { kube } = await start((_, response) => refuse(response, status, reason, message));
  const error = await refused(kube.get('/api/v1/pods', { limit: 1 }));
  expect(error).toMatchObject({ code, temporary, status });
  expect(error.fault).toMatchObject({ operation: 'GET /api/v1/pods', cause: message });
});

it('says what to bind when a right is missing, and not when an admission rule forbids', async () => {
  const { kube } = await start(({ path }, response) =>
    refuse(
      response,
      403,
      'Forbidden',
      path === '/rbac' ? 'User "u" cannot list resource "pods"' : 'exceeded quota: q',
    ),
  );
  expect((await refused(kube.get('/rbac'))).fault.remedy).toContain('ClusterRole');
  expect((await refused(kube.get('/quota'))).fault.remedy).toBeUndefined();
});

it('reads the refusal of something else that stands before the API', async () => {
  const { kube } = await start((_, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
  expect(await refused(kube.get('/x'))).toMatchObject({ code: 'kube/http502', temporary: true });
});

it('says that a cluster cannot be reached, without its token', async () => {
  const { api, kube } = await start(() => {});
  await api.close();
  closing.length = 0;
  const error = await refused(kube.get('/version'));
  expect(error).toMatchObject({ code: 'kube/unreachable', status: 0, temporary: true });
  expect(error.message).not.toContain('kept');
  kube.close();
});

it('does not trust another authority', async () => {
  const { api } = await start((_, response) => json(response, 200, {}));
  const { Authority } = await import('../../../local/kubernetes/api/tls/certificates.ts');
  const kube = new Kube({ ...api.connection, ca: (await Authority.create('other')).certificate });
  expect(await refused(kube.get('/version'))).toMatchObject({ code: 'kube/unreachable' });
  expect(api.requests).toEqual([]);
});

it('finds nothing where there is nothing, and nothing else', async () => {
  const { kube } = await start(({ path }, response) =>
    refuse(response, path === '/none' ? 404 : 403, path === '/none' ? 'NotFound' : 'Forbidden'),
  );
  expect(await kube.find('/none')).toBeUndefined();
  await expect(kube.find('/secret')).rejects.toThrow(KubeError);
});
