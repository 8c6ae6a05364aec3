import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment } from '../../unit/kubernetes-api/client.ts';
import { onEveryServer } from './servers.ts';

const applyType = 'application/apply-patch+yaml';

onEveryServer('server-side apply', (cluster) => {
  const path = (name: string) => `/apis/apps/v1/namespaces/${cluster.namespace}/deployments/${name}`;
  const apply = (manager: string, object: ReturnType<typeof deployment>, query = '') =>
    cluster.call('PATCH', `${path(object.metadata.name)}?fieldManager=${manager}${query}`, {
      body: stringify(object),
      type: applyType,
    });
  const managersOf = (object: {
    metadata: { managedFields: { manager: string; operation: string; subresource?: string }[] };
  }) =>
    object.metadata.managedFields
      // A cluster's own controllers come along when they like.
      .filter(({ subresource, manager }) => !subresource && manager !== 'kube-controller-manager')
      .map(({ manager, operation }) => [manager, operation]);

  test('creates what is absent, owned by its manager', async () => {
    const { status, body } = await apply('pipeline', deployment('creates', { replicas: 0 }));
    expect(status).toBe(201);
    expect(body.metadata.managedFields).toHaveLength(1);
    const [{ manager, operation, apiVersion, fieldsType, fieldsV1 }] = body.metadata.managedFields;
    expect({ manager, operation, apiVersion, fieldsType }).toEqual({
      manager: 'pipeline',
      operation: 'Apply',
      apiVersion: 'apps/v1',
      fieldsType: 'FieldsV1',
    });
    expect(fieldsV1).toEqual({
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      },
    });
  });

  test('updates, and a new spec is a new generation', async () => {
    await apply('pipeline', deployment('updates', { replicas: 0 }));
    const { status, body } = await apply(
      'pipeline',
      deployment('updates', { replicas: 0, image: 'demo:v2' }),
    );
    expect(status).toBe(200);
    expect(body.metadata.generation).toBe(2);
    expect(body.spec.template.spec.containers[0].image).toBe('demo:v2');
  });

  test('the same again changes nothing', async () => {
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'again' }, data: { a: 'b' } };
    const url = `/api/v1/namespaces/${cluster.namespace}/configmaps/again?fieldManager=pipeline`;
    const first = await cluster.call('PATCH', url, { body: stringify(configMap), type: applyType });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const second = await cluster.call('PATCH', url, { body: stringify(configMap), type: applyType });
    expect(second.status).toBe(200);
    expect(second.body.metadata).toEqual(first.body.metadata);
  });

  test("another manager's value conflicts, and the answer names who and what", async () => {
    await apply('pipeline', deployment('conflicts', { replicas: 0 }));
    const { status, body } = await apply('intruder', deployment('conflicts', { replicas: 1 }));
    expect(status).toBe(409);
    expect(body).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Conflict', code: 409 });
    expect(body.message).toBe('Apply failed with 1 conflict: conflict with "pipeline": .spec.replicas');
    expect(body.details.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "pipeline"', field: '.spec.replicas' },
    ]);
  });

  test('several conflicts are told together', async () => {
    await apply('pipeline', deployment('several', { replicas: 0 }));
    const { body } = await apply('intruder', deployment('several', { replicas: 1, image: 'demo:v2' }));
    expect(body.message).toMatch(/^Apply failed with 2 conflicts: conflicts with "pipeline":\n- \./);
    expect(body.details.causes.map(({ field }: { field: string }) => field).sort()).toEqual([
      '.spec.replicas',
      '.spec.template.spec.containers[name="web"].image',
    ]);
  });

  test('the same value is shared without a conflict', async () => {
    await apply('one', deployment('shared', { replicas: 0 }));
    const { status, body } = await apply('two', deployment('shared', { replicas: 0 }));
    expect(status).toBe(200);
    expect(managersOf(body)).toEqual([
      ['one', 'Apply'],
      ['two', 'Apply'],
    ]);
  });

  test('force takes a field over, and it stays when its first manager lets go', async () => {
    await apply('pipeline', deployment('forced', { replicas: 0 }));
    const forced = await apply('intruder', deployment('forced', { replicas: 1 }), '&force=true');
    expect(forced.body.spec.replicas).toBe(1);
    const released = await apply('pipeline', deployment('forced'));
    expect(released.status).toBe(200);
    expect(released.body.spec.replicas).toBe(1);
  });

  test('a field that its only manager drops goes back to its default', async () => {
    await apply('pipeline', deployment('dropped', { replicas: 0 }));
    const { body } = await apply('pipeline', deployment('dropped'));
    expect(body.spec.replicas).toBe(1);
  });

  test('items of lists belong to who applied them', async () => {
    const withEnv = (...names: string[]) => {
      const object = deployment('lists', { replicas: 0 });
      const [container] = object.spec.template.spec.containers;
      Object.assign(container as object, {
        env: names.map((name) => ({ name, value: '1' })),
        ports: [{ containerPort: 80 }],
      });
      return object;
    };
    const envOf = (body: { spec: { template: { spec: { containers: { env?: { name: string }[] }[] } } } }) =>
      body.spec.template.spec.containers[0]?.env?.map(({ name }) => name);
    await apply('one', withEnv('A', 'B'));
    const both = await apply('two', withEnv('B', 'C'));
    expect(envOf(both.body)).toEqual(['A', 'B', 'C']);
    const less = await apply('one', withEnv());
    expect(envOf(less.body)).toEqual(['B', 'C']);
    const [port] = less.body.spec.template.spec.containers[0].ports;
    expect(port).toEqual({ containerPort: 80, protocol: 'TCP' });
  });

  test('other writes take fields too, as updaters', async () => {
    await apply('pipeline', deployment('updaters', { replicas: 0 }));
    const patched = await cluster.call('PATCH', `${path('updaters')}?fieldManager=autoscaler`, {
      body: { spec: { replicas: 2 } },
      type: 'application/merge-patch+json',
    });
    expect(managersOf(patched.body)).toContainEqual(['autoscaler', 'Update']);
    const { status, body } = await apply('pipeline', deployment('updaters', { replicas: 0 }));
    expect(status).toBe(409);
    expect(body.details.causes[0].message).toBe('conflict with "autoscaler" using apps/v1');
  });

  test('a client without a fieldManager is known by its user agent', async () => {
    const { body } = await cluster.call('POST', path('').slice(0, -1), {
      body: deployment('agent', { replicas: 0 }),
      headers: { 'user-agent': 'shipper/1.0 (linux)' },
    });
    expect(managersOf(body)).toEqual([['shipper', 'Update']]);
  });

  test('a dry run answers with the result and stores nothing', async () => {
    await apply('pipeline', deployment('dry', { replicas: 0 }));
    const { body } = await apply(
      'pipeline',
      deployment('dry', { replicas: 0, image: 'demo:v9' }),
      '&dryRun=All',
    );
    expect(body.spec.template.spec.containers[0].image).toBe('demo:v9');
    const stored = await cluster.call('GET', path('dry'));
    expect(stored.body.spec.template.spec.containers[0].image).toBe('demo:v1');
    const absent = await apply('pipeline', deployment('dry-absent'), '&dryRun=All');
    expect(absent.status).toBe(201);
    expect((await cluster.call('GET', path('dry-absent'))).status).toBe(404);
  });

  test('a resourceVersion in the configuration is a lock', async () => {
    const first = await apply('pipeline', deployment('locked', { replicas: 0 }));
    const stale = deployment('locked', { replicas: 0, image: 'demo:v2' });
    Object.assign(stale.metadata, { resourceVersion: first.body.metadata.resourceVersion });
    await apply('pipeline', deployment('locked', { replicas: 0, image: 'demo:v3' }));
    const { status, body } = await apply('pipeline', stale);
    expect(status).toBe(409);
    expect(body.message).toContain(
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  test('refuses an apply without a manager', async () => {
    const { status, body } = await cluster.call('PATCH', path('nobody'), {
      body: stringify(deployment('nobody')),
      type: applyType,
    });
    expect(status).toBe(422);
    expect(body.details.causes[0]).toEqual({
      reason: 'FieldValueRequired',
      message: 'Required value: is required for apply patch',
      field: 'fieldManager',
    });
  });

  test('refuses an item without its key, and a field that does not exist', async () => {
    const keyless = deployment('keyless');
    Object.assign(keyless.spec.template.spec.containers[0] as object, { env: [{ value: '1' }] });
    const unknown = deployment('unknown');
    Object.assign(unknown.spec, { replicass: 1 });
    for (const object of [keyless, unknown])
      expect((await apply('pipeline', object)).status).toBeGreaterThanOrEqual(400);
  });
});
