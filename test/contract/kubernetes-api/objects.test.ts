import { expect, test } from 'vitest';
import { deployment } from '../../unit/kubernetes-api/client.ts';
import { onEveryServer } from './servers.ts';

onEveryServer('objects', (cluster) => {
  const core = (path = '') => `/api/v1/namespaces/${cluster.namespace}/${path}`;
  const apps = (path = '') => `/apis/apps/v1/namespaces/${cluster.namespace}/${path}`;
  const configMap = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });
  const create = (name: string, data?: Record<string, string>) =>
    cluster.call('POST', core('configmaps'), { body: configMap(name, data) });

  test('a new object gets its identity from the server', async () => {
    const { status, body } = await create('new', { a: 'b' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
  });

  test('generateName makes names', async () => {
    const { body } = await cluster.call('POST', core('configmaps'), {
      body: { metadata: { generateName: 'some-' } },
    });
    expect(body.metadata.name).toMatch(/^some-[a-z0-9]{5}$/);
  });

  test('a name is taken once', async () => {
    await create('twice');
    const { status, body } = await create('twice');
    expect(status).toBe(409);
    expect(body).toMatchObject({
      kind: 'Status',
      reason: 'AlreadyExists',
      message: 'configmaps "twice" already exists',
      details: { name: 'twice', kind: 'configmaps' },
    });
  });

  test('what is not there is a NotFound that names it', async () => {
    const { status, body } = await cluster.call('GET', apps('deployments/nope'));
    expect(status).toBe(404);
    expect(body).toMatchObject({
      reason: 'NotFound',
      message: 'deployments.apps "nope" not found',
      details: { name: 'nope', group: 'apps', kind: 'deployments' },
    });
    const unknown = await cluster.call('GET', '/apis/apps/v1/nonsense');
    expect(unknown.status).toBe(404);
  });

  test('nothing is created in a namespace that is not there', async () => {
    const { status, body } = await cluster.call('POST', '/api/v1/namespaces/nowhere-at-all/configmaps', {
      body: configMap('x'),
    });
    expect(status).toBe(404);
    expect(body.message).toBe('namespaces "nowhere-at-all" not found');
  });

  test('an update with an old resourceVersion conflicts', async () => {
    const { body: first } = await create('stale');
    const changed = await cluster.call('PUT', core('configmaps/stale'), {
      body: { ...first, data: { a: '1' } },
    });
    expect(changed.status).toBe(200);
    const { status, body } = await cluster.call('PUT', core('configmaps/stale'), {
      body: { ...first, data: { a: '2' } },
    });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  test('an update that changes nothing keeps the resourceVersion', async () => {
    const { body } = await create('same', { a: 'b' });
    const again = await cluster.call('PUT', core('configmaps/same'), { body });
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  test('a deployment gets its defaults', async () => {
    const { body } = await cluster.call('POST', apps('deployments'), {
      body: deployment('defaults', { replicas: 0 }),
    });
    expect(body.metadata.generation).toBe(1);
    expect(body.spec).toMatchObject({
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    expect(body.spec.template.spec).toMatchObject({
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
    });
    expect(body.spec.template.spec.containers[0]).toMatchObject({
      imagePullPolicy: 'IfNotPresent',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      resources: {},
    });
  });

  test('quantities are written back in their canonical form', async () => {
    const object = deployment('quantities', { replicas: 0 });
    const limits = { cpu: '1000m', memory: '0.5Gi', 'example.com/thing': 3 };
    Object.assign(object.spec.template.spec.containers[0] as object, { resources: { limits } });
    const { body } = await cluster.call('POST', apps('deployments'), { body: object });
    expect(body.spec.template.spec.containers[0].resources.limits).toEqual({
      cpu: '1',
      memory: '512Mi',
      'example.com/thing': '3',
    });
  });

  test('an invalid deployment is refused with a cause for each field', async () => {
    const object = deployment('invalid');
    object.spec.selector.matchLabels.app = 'other';
    Object.assign(object.spec.template.spec.containers[0] as object, { name: 'Not A Label', image: '' });
    const { status, body } = await cluster.call('POST', apps('deployments'), { body: object });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      reason: 'Invalid',
      details: { name: 'invalid', group: 'apps', kind: 'Deployment' },
    });
    const causes = body.details.causes.map(
      ({ reason, field }: { reason: string; field: string }) => `${reason} ${field}`,
    );
    expect(causes).toEqual([
      'FieldValueInvalid spec.template.metadata.labels',
      'FieldValueInvalid spec.template.spec.containers[0].name',
      'FieldValueRequired spec.template.spec.containers[0].image',
    ]);
    expect(body.message).toContain('Deployment.apps "invalid" is invalid: [');
    expect(body.message).toContain('`selector` does not match template `labels`');
  });

  test('a selector does not change', async () => {
    const { body: created } = await cluster.call('POST', apps('deployments'), {
      body: deployment('selector', { replicas: 0 }),
    });
    created.spec.selector.matchLabels = { app: 'other' };
    created.spec.template.metadata.labels = { app: 'other' };
    created.metadata.resourceVersion = undefined;
    const { status, body } = await cluster.call('PUT', apps('deployments/selector'), { body: created });
    expect(status).toBe(422);
    expect(body.details.causes[0].field).toBe('spec.selector');
    expect(body.details.causes[0].message).toMatch(/field is immutable$/);
  });

  test('a service gets an address, and keeps it when an update leaves it out', async () => {
    const service = { metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } };
    const { body } = await cluster.call('POST', core('services'), { body: service });
    expect(body.spec).toMatchObject({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    });
    expect(body.spec.clusterIP).toMatch(/^10\.\d+\.\d+\.\d+$/);
    const changed = {
      ...service,
      spec: { ...service.spec, ports: [{ port: 81 }] },
      metadata: { name: 'web', resourceVersion: body.metadata.resourceVersion },
    };
    const patched = await cluster.call('PATCH', core('services/web'), {
      body: changed,
      type: 'application/merge-patch+json',
    });
    expect(patched.body.spec.clusterIP).toBe(body.spec.clusterIP);
  });

  test('a node port is in its range, and stays', async () => {
    const service = { metadata: { name: 'node-port' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } };
    const { body } = await cluster.call('POST', core('services'), { body: service });
    const [{ nodePort }] = body.spec.ports;
    expect(nodePort).toBeGreaterThanOrEqual(30_000);
    expect(nodePort).toBeLessThanOrEqual(32_767);
    const patched = await cluster.call('PATCH', core('services/node-port'), {
      body: { spec: { ports: [{ port: 80, targetPort: 8080 }] } },
      type: 'application/strategic-merge-patch+json',
    });
    expect(patched.body.spec.ports[0]).toMatchObject({ nodePort, targetPort: 8080 });
  });

  test('the status is a part of its own', async () => {
    const { body: created } = await cluster.call('POST', apps('replicasets'), {
      body: { ...deployment('parts', { replicas: 0 }), kind: 'ReplicaSet', status: { replicas: 7 } },
    });
    expect(created.status.replicas ?? 0).toBe(0);
    const put = await cluster.call('PATCH', apps('replicasets/parts/status'), {
      body: { spec: { replicas: 5 }, status: { replicas: 0, observedGeneration: 1 } },
      type: 'application/merge-patch+json',
    });
    expect(put.body.spec.replicas).toBe(0);
    expect(put.body.metadata.generation).toBe(1);
  });

  test('scale reads and writes the number of replicas only', async () => {
    await cluster.call('POST', apps('deployments'), { body: deployment('scaled', { replicas: 0 }) });
    const { body: scale } = await cluster.call('GET', apps('deployments/scaled/scale'));
    expect(scale).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      spec: {},
      status: { replicas: 0, selector: 'app=scaled' },
    });
    const written = await cluster.call('PATCH', apps('deployments/scaled/scale'), {
      body: { spec: { replicas: 2 } },
      type: 'application/merge-patch+json',
    });
    expect(written.body.spec.replicas).toBe(2);
    const { body } = await cluster.call('GET', apps('deployments/scaled'));
    expect(body.spec.replicas).toBe(2);
    expect(body.metadata.generation).toBe(2);
  });

  test('lists are selected by labels and fields, and come in pages', async () => {
    for (const name of ['one', 'two', 'three']) {
      const body = { metadata: { name: `list-${name}`, labels: { list: 'yes', name } } };
      await cluster.call('POST', core('secrets'), { body });
    }
    const names = async (query: string) => {
      const { body } = await cluster.call('GET', core(`secrets?${query}`));
      return body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    };
    expect(await names('labelSelector=list=yes')).toEqual(['list-one', 'list-three', 'list-two']);
    expect(await names('labelSelector=list,name!=two')).toEqual(['list-one', 'list-three']);
    expect(await names(`labelSelector=${encodeURIComponent('name in (one, two)')}`)).toEqual([
      'list-one',
      'list-two',
    ]);
    expect(await names(`labelSelector=${encodeURIComponent('list,name notin (one, two)')}`)).toEqual([
      'list-three',
    ]);
    expect(await names(`labelSelector=${encodeURIComponent('name,!list')}`)).toEqual([]);
    expect(await names('fieldSelector=metadata.name=list-two')).toEqual(['list-two']);
    const first = await cluster.call('GET', core('secrets?labelSelector=list&limit=2'));
    expect(first.body.items).toHaveLength(2);
    const token = encodeURIComponent(first.body.metadata.continue);
    expect(await names(`labelSelector=list&limit=2&continue=${token}`)).toEqual(['list-two']);
    expect((await cluster.call('GET', core('secrets?labelSelector=a==b==c'))).status).toBe(400);
    expect((await cluster.call('GET', core('secrets?fieldSelector=data.x=y'))).status).toBe(400);
  });

  test('a deletion answers with what it deleted', async () => {
    const { body: created } = await create('deleted');
    const { status, body } = await cluster.call('DELETE', core('configmaps/deleted'));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { name: 'deleted', kind: 'configmaps', uid: created.metadata.uid },
    });
    expect((await cluster.call('DELETE', core('configmaps/deleted'))).status).toBe(404);
  });

  test('a finalizer keeps an object until it is taken off', async () => {
    const body = { metadata: { name: 'finalized', finalizers: ['example.com/wait'] } };
    await cluster.call('POST', core('configmaps'), { body });
    const { body: marked } = await cluster.call('DELETE', core('configmaps/finalized'));
    expect(marked.metadata).toMatchObject({
      finalizers: ['example.com/wait'],
      deletionGracePeriodSeconds: 0,
    });
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    const patch = [{ op: 'remove', path: '/metadata/finalizers' }];
    const last = await cluster.call('PATCH', core('configmaps/finalized'), {
      body: patch,
      type: 'application/json-patch+json',
    });
    expect(last.status).toBe(200);
    expect((await cluster.call('GET', core('configmaps/finalized'))).status).toBe(404);
  });

  test('foreground and orphan deletions are left to the garbage collector as finalizers', async () => {
    await cluster.call('POST', apps('statefulsets'), {
      body: {
        ...deployment('kept', { replicas: 0 }),
        kind: 'StatefulSet',
        spec: { ...deployment('kept', { replicas: 0 }).spec, serviceName: 'x' },
      },
    });
    const { body } = await cluster.call('DELETE', apps('statefulsets/kept?dryRun=All'), {
      body: { propagationPolicy: 'Foreground' },
    });
    expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
  });

  test('a precondition of a deletion is held', async () => {
    await create('precondition');
    const body = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } };
    const { status } = await cluster.call('DELETE', core('configmaps/precondition'), { body });
    expect(status).toBe(409);
  });

  test('a collection is deleted by its labels', async () => {
    for (const name of ['a', 'b'])
      await cluster.call('POST', core('configmaps'), {
        body: { metadata: { name: `all-${name}`, labels: { all: 'yes' } } },
      });
    const { status } = await cluster.call('DELETE', core('configmaps?labelSelector=all=yes'));
    expect(status).toBe(200);
    const { body } = await cluster.call('GET', core('configmaps?labelSelector=all=yes'));
    expect(body.items).toEqual([]);
  });

  test('a body that is no object of the kind is a BadRequest', async () => {
    for (const body of [
      '{',
      '[]',
      { kind: 'Secret', metadata: { name: 'x' } },
      { metadata: { name: 'x' }, data: { a: 1 } },
    ])
      expect((await cluster.call('POST', core('configmaps'), { body })).status).toBe(400);
  });
});
