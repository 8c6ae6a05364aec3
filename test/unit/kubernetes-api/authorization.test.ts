import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './client.ts';

const rbac = 'rbac.authorization.k8s.io';
const pods = '/api/v1/namespaces/shop/pods';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'shop' } } });
});
afterAll(() => server.close());

const asDev = (method: string, path: string, body?: unknown) =>
  server.call(method, path, { token: 'dev', ...(body !== undefined && { body }) });

test('nobody and an unknown token are not let in; health and version are for all', async () => {
  for (const token of [null, 'stolen']) {
    const { status, body } = await server.call('GET', pods, { token });
    expect([status, body.reason, body.message]).toEqual([401, 'Unauthorized', 'Unauthorized']);
  }
  for (const path of ['/healthz', '/version'])
    expect((await server.call('GET', path, { token: null })).status).toBe(200);
});

test('who is known has no rights yet, and is told so in the words of Kubernetes', async () => {
  const { status, body } = await asDev('GET', pods);
  expect(status).toBe(403);
  expect(body).toMatchObject({
    reason: 'Forbidden',
    message:
      'pods is forbidden: User "dev" cannot list resource "pods" in API group "" in the namespace "shop"',
    details: { kind: 'pods' },
  });
  const cluster = await asDev('DELETE', '/apis/rbac.authorization.k8s.io/v1/clusterroles/view');
  expect(cluster.body.message).toBe(
    'clusterroles.rbac.authorization.k8s.io "view" is forbidden: User "dev" cannot delete resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope',
  );
  const part = await asDev('GET', `${pods}/web-1/log`);
  expect(part.body.message).toContain('cannot get resource "pods/log" in API group ""');
});

test('discovery is for everybody who is known', async () => {
  for (const path of ['/api', '/apis', '/apis/apps/v1', '/openapi/v3'])
    expect((await asDev('GET', path)).status).toBe(200);
});

test('a RoleBinding gives its group rights in its namespace only', async () => {
  await server.call('POST', `/apis/${rbac}/v1/namespaces/shop/rolebindings`, {
    body: {
      metadata: { name: 'developers' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: rbac, kind: 'Group', name: 'devs' }],
    },
  });
  expect((await asDev('GET', pods)).status).toBe(200);
  expect((await asDev('GET', '/api/v1/pods')).status).toBe(403);
  expect((await asDev('GET', '/api/v1/namespaces/kube-system/secrets')).status).toBe(403);
  expect(
    (await asDev('POST', `/apis/${rbac}/v1/namespaces/shop/rolebindings`, { metadata: { name: 'x' } }))
      .status,
  ).toBe(403);
});

test('a Role gives what its rules say and nothing else', async () => {
  await server.call('POST', `/apis/${rbac}/v1/namespaces/default/roles`, {
    body: {
      metadata: { name: 'reader' },
      rules: [
        { apiGroups: [''], resources: ['configmaps'], resourceNames: ['public'], verbs: ['get'] },
        { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['*'] },
      ],
    },
  });
  await server.call('POST', `/apis/${rbac}/v1/namespaces/default/rolebindings`, {
    body: {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'reader' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'dev' }],
    },
  });
  const core = '/api/v1/namespaces/default/configmaps';
  const apps = '/apis/apps/v1/namespaces/default/deployments/web';
  expect((await asDev('GET', `${core}/public`)).status).toBe(404);
  expect((await asDev('GET', `${core}/private`)).status).toBe(403);
  expect((await asDev('GET', core)).status).toBe(403);
  expect((await asDev('GET', `${apps}/scale`)).status).toBe(404);
  expect((await asDev('GET', apps)).status).toBe(403);
});

test('reviews answer for the one who asks', async () => {
  const review = async (resourceAttributes: object) => {
    const { body } = await asDev('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      spec: { resourceAttributes },
    });
    return body.status.allowed;
  };
  expect(await review({ verb: 'create', group: 'apps', resource: 'deployments', namespace: 'shop' })).toBe(
    true,
  );
  expect(
    await review({ verb: 'create', group: 'apps', resource: 'deployments', namespace: 'kube-system' }),
  ).toBe(false);
  expect(await review({ verb: 'create', group: 'apps', resource: 'deployments' })).toBe(false);
  const { body } = await asDev('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
  expect(body.status.userInfo).toEqual({ username: 'dev', groups: ['devs', 'system:authenticated'] });
  const token = await server.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    body: { spec: { token: 'dev' } },
  });
  expect(token.body.status).toMatchObject({ authenticated: true, user: { username: 'dev' } });
});
