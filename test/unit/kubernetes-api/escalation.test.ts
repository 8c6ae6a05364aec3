import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './client.ts';

const rbac = 'rbac.authorization.k8s.io';
const bindings = `/apis/${rbac}/v1/namespaces/shop/rolebindings`;
const roles = `/apis/${rbac}/v1/namespaces/shop/roles`;
const grants = 'is attempting to grant RBAC permissions not currently held';

let server: TestServer;
const asDev = (method: string, path: string, body?: unknown, type?: string) =>
  server.call(method, path, { token: 'dev', ...(body !== undefined && { body }), ...(type && { type }) });

const bindingTo = (kind: string, name: string, role: string) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'RoleBinding',
  metadata: { name },
  roleRef: { apiGroup: rbac, kind, name: role },
  subjects: [{ apiGroup: rbac, kind: 'Group', name: 'devs' }],
});

const roleOf = (name: string, rule: object) => ({ metadata: { name }, rules: [rule] });
const secretsOf = (verbs: string[]) => ({ apiGroups: [''], resources: ['secrets'], verbs });

beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'shop' } } });
  const rules = [
    { apiGroups: [rbac], resources: ['rolebindings'], verbs: ['create'] },
    { apiGroups: [rbac], resources: ['clusterroles'], verbs: ['bind'], resourceNames: ['app'] },
  ];
  await server.call('POST', `/apis/${rbac}/v1/clusterroles`, {
    body: { metadata: { name: 'deployer' }, rules },
  });
  const inApp = [
    secretsOf(['get', 'create']),
    { apiGroups: [''], resources: ['namespaces'], verbs: ['patch'] },
    { apiGroups: [rbac], resources: ['roles', 'rolebindings'], verbs: ['create', 'patch', 'update'] },
  ];
  await server.call('POST', `/apis/${rbac}/v1/clusterroles`, {
    body: { metadata: { name: 'app' }, rules: inApp },
  });
  await server.call('POST', `/apis/${rbac}/v1/clusterrolebindings`, {
    body: { ...bindingTo('ClusterRole', 'deployer', 'deployer'), kind: 'ClusterRoleBinding' },
  });
});
afterAll(() => server.close());

test('a role that somebody may bind gives what he had not, and no other does', async () => {
  expect((await asDev('GET', '/api/v1/namespaces/shop/secrets/a')).status).toBe(403);
  const admin = await asDev('POST', bindings, bindingTo('ClusterRole', 'x', 'cluster-admin'));
  expect([admin.status, admin.body.reason]).toEqual([403, 'Forbidden']);
  expect(admin.body.message).toContain(grants);
  expect((await asDev('POST', bindings, bindingTo('ClusterRole', 'x', 'none'))).status).toBe(404);
  expect((await asDev('POST', bindings, bindingTo('ClusterRole', 'own', 'app'))).status).toBe(201);
  expect((await asDev('GET', '/api/v1/namespaces/shop/secrets/a')).status).toBe(404);
  expect((await asDev('GET', '/api/v1/namespaces/default/secrets/a')).status).toBe(403);
});

test('a RoleBinding can be about its namespace itself, and about no other', async () => {
  const labels = { metadata: { labels: { a: 'b' } } };
  const patch = (name: string) =>
    asDev('PATCH', `/api/v1/namespaces/${name}`, labels, 'application/merge-patch+json');
  expect((await patch('shop')).status).toBe(200);
  expect((await patch('default')).status).toBe(403);
});

test('nobody writes a role that holds more than he does, by any verb', async () => {
  expect((await asDev('POST', roles, roleOf('same', secretsOf(['get'])))).status).toBe(201);
  const more = roleOf('same', secretsOf(['get', 'list']));
  expect((await asDev('POST', roles, roleOf('more', secretsOf(['*'])))).body.message).toContain(grants);
  expect((await asDev('PUT', `${roles}/same`, more)).body.message).toContain(grants);
  expect((await asDev('PATCH', `${roles}/same`, more, 'application/merge-patch+json')).status).toBe(403);
  const applied = { apiVersion: `${rbac}/v1`, kind: 'Role', ...more };
  const apply = `${roles}/same?fieldManager=dev&force=true`;
  expect((await asDev('PATCH', apply, applied, 'application/apply-patch+yaml')).status).toBe(403);
  expect((await server.call('PUT', `${roles}/same`, { body: more })).status).toBe(200);
  // Bound, it would give what it holds by now.
  expect((await asDev('POST', bindings, bindingTo('Role', 'y', 'same'))).body.message).toContain(grants);
});
