import { expect, test } from 'vitest';
import { onEveryServer } from './servers.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

onEveryServer('discovery and tables', (cluster) => {
  test('the server tells its version and that it is well', async () => {
    const { body } = await cluster.call('GET', '/version');
    expect(body).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) });
    for (const path of ['/healthz', '/livez', '/readyz']) {
      const { status, text } = await cluster.call('GET', path, { accept: '*/*' });
      expect([status, text]).toEqual([200, 'ok']);
    }
  });

  test('groups, versions and resources are listed', async () => {
    expect((await cluster.call('GET', '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const { body: groups } = await cluster.call('GET', '/apis');
    const apps = groups.groups.find(({ name }: { name: string }) => name === 'apps');
    expect(apps).toMatchObject({ preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } });
    const { body } = await cluster.call('GET', '/apis/apps/v1');
    expect(body).toMatchObject({ kind: 'APIResourceList', groupVersion: 'apps/v1' });
    const one = (name: string) => body.resources.find((each: { name: string }) => each.name === name);
    expect(one('deployments')).toMatchObject({
      kind: 'Deployment',
      namespaced: true,
      shortNames: ['deploy'],
      categories: ['all'],
    });
    expect(one('deployments').verbs).toEqual([
      'create',
      'delete',
      'deletecollection',
      'get',
      'list',
      'patch',
      'update',
      'watch',
    ]);
    expect(one('deployments/scale')).toMatchObject({
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    });
  });

  test('lists are tables for those who ask', async () => {
    const { body } = await cluster.call('GET', `/apis/apps/v1/namespaces/${cluster.namespace}/deployments`, {
      accept: table,
    });
    expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [] });
    const columns = (priority: number) =>
      body.columnDefinitions
        .filter((each: { priority: number }) => each.priority === priority)
        .map(({ name }: { name: string }) => name);
    expect(columns(0)).toEqual(['Name', 'Ready', 'Up-to-date', 'Available', 'Age']);
    expect(columns(1)).toEqual(['Containers', 'Images', 'Selector']);
  });

  test.each([
    [
      '/api/v1/pods',
      ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates'],
    ],
    ['/api/v1/services', ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector']],
    [
      '/api/v1/nodes',
      [
        'Name',
        'Status',
        'Roles',
        'Age',
        'Version',
        'Internal-IP',
        'External-IP',
        'OS-Image',
        'Kernel-Version',
        'Container-Runtime',
      ],
    ],
    [
      '/api/v1/events',
      [
        'Last Seen',
        'Type',
        'Reason',
        'Object',
        'Subobject',
        'Source',
        'Message',
        'First Seen',
        'Count',
        'Name',
      ],
    ],
    ['/api/v1/namespaces', ['Name', 'Status', 'Age']],
    ['/api/v1/endpoints', ['Name', 'Endpoints', 'Age']],
    ['/api/v1/secrets', ['Name', 'Type', 'Data', 'Age']],
    ['/api/v1/serviceaccounts', ['Name', 'Secrets', 'Age']],
    [
      '/apis/apps/v1/replicasets',
      ['Name', 'Desired', 'Current', 'Ready', 'Age', 'Containers', 'Images', 'Selector'],
    ],
    ['/apis/apps/v1/statefulsets', ['Name', 'Ready', 'Age', 'Containers', 'Images']],
    [
      '/apis/apps/v1/daemonsets',
      [
        'Name',
        'Desired',
        'Current',
        'Ready',
        'Up-to-date',
        'Available',
        'Node Selector',
        'Age',
        'Containers',
        'Images',
        'Selector',
      ],
    ],
    ['/apis/networking.k8s.io/v1/ingresses', ['Name', 'Class', 'Hosts', 'Address', 'Ports', 'Age']],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles', ['Name', 'Created At']],
    [
      '/apis/rbac.authorization.k8s.io/v1/rolebindings',
      ['Name', 'Role', 'Age', 'Users', 'Groups', 'ServiceAccounts'],
    ],
    ['/apis/coordination.k8s.io/v1/leases', ['Name', 'Holder', 'Age']],
  ])('the columns of %s', async (path, names) => {
    const { body } = await cluster.call('GET', path, { accept: table });
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  test('of objects only the metadata is given to those who ask', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
    const { body } = await cluster.call('GET', '/api/v1/namespaces', { accept });
    expect(body.kind).toBe('PartialObjectMetadataList');
    expect(Object.keys(body.items[0]).sort()).toEqual(
      ['apiVersion', 'kind', 'metadata'].filter((name) => name in body.items[0]),
    );
    expect(body.items[0].metadata.name).toBeDefined();
  });

  test('a stranger is not let in, and is told so', async () => {
    for (const token of [null, 'nonsense']) {
      const { status, body } = await cluster.call('GET', '/api/v1/namespaces', { token });
      // A real server may let strangers in as system:anonymous, who may do nothing.
      expect(token === null ? [401, 403] : [401]).toContain(status);
      expect(body.kind).toBe('Status');
    }
  });

  test('who asks is told what he may do', async () => {
    const review = (resourceAttributes: object) =>
      cluster.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        body: { spec: { resourceAttributes } },
      });
    const { status, body } = await review({ verb: 'delete', resource: 'pods', namespace: cluster.namespace });
    expect(status).toBe(201);
    expect(body.status.allowed).toBe(true);
  });
});
