import { beforeAll, expect, test } from 'vitest';
import { deployment } from '../../unit/kubernetes-api/client.ts';
import { onEveryServer } from './servers.ts';

onEveryServer('patches', (cluster) => {
  const path = (name = '') => `/apis/apps/v1/namespaces/${cluster.namespace}/deployments/${name}`;
  const patch = (type: string, body: unknown) =>
    cluster.call('PATCH', path('web'), { body, type: `application/${type}+json` });
  const containers = (body: unknown) => ({ spec: { template: { spec: { containers: body } } } });

  beforeAll(async () => {
    const object = deployment('web', { replicas: 0 });
    Object.assign(object.spec.template.spec.containers[0] as object, {
      args: ['one'],
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    });
    const { status, text } = await cluster.call('POST', path().slice(0, -1), { body: object });
    expect(status, text).toBe(201);
  });

  test('a merge patch sets, removes with null, and replaces lists', async () => {
    await patch('merge-patch', { metadata: { labels: { a: '1', b: '2' } } });
    const { body } = await patch('merge-patch', { metadata: { labels: { a: null, c: '3' } } });
    expect(body.metadata.labels).toEqual({ b: '2', c: '3' });
  });

  test('a strategic merge patch merges containers and variables by name', async () => {
    const { body } = await patch(
      'strategic-merge-patch',
      containers([
        {
          name: 'web',
          env: [
            { name: 'B', value: '3' },
            { name: 'C', value: '4' },
          ],
        },
      ]),
    );
    const [web] = body.spec.template.spec.containers;
    expect(web.image).toBe('demo:v1');
    expect(
      Object.fromEntries(web.env.map(({ name, value }: { name: string; value: string }) => [name, value])),
    ).toEqual({ A: '1', B: '3', C: '4' });
  });

  test('it replaces lists without a key', async () => {
    const { body } = await patch(
      'strategic-merge-patch',
      containers([{ name: 'web', args: ['two', 'three'] }]),
    );
    expect(body.spec.template.spec.containers[0].args).toEqual(['two', 'three']);
  });

  test('it deletes an item, orders items and replaces a struct on demand', async () => {
    const added = await patch('strategic-merge-patch', containers([{ name: 'side', image: 'side:v1' }]));
    expect(added.body.spec.template.spec.containers).toHaveLength(2);
    const ordered = await patch('strategic-merge-patch', {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'web' }, { name: 'side' }],
            containers: [{ name: 'side', image: 'side:v2' }],
          },
        },
      },
    });
    expect(ordered.body.spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual([
      'web',
      'side',
    ]);
    const deleted = await patch('strategic-merge-patch', containers([{ name: 'side', $patch: 'delete' }]));
    expect(deleted.body.spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual([
      'web',
    ]);
    const strategy = await patch('strategic-merge-patch', {
      spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    });
    expect(strategy.body.spec.strategy).toEqual({ type: 'Recreate' });
  });

  test('it takes values from lists of values', async () => {
    await patch('strategic-merge-patch', { metadata: { finalizers: ['example.com/a', 'example.com/b'] } });
    const { body } = await patch('strategic-merge-patch', {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a', 'example.com/b'] },
    });
    expect(body.metadata.finalizers).toBeUndefined();
  });

  test('a JSON patch does its operations in order, or none of them', async () => {
    const { body } = await patch('json-patch', [
      { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'web' },
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'demo:v5' },
      { op: 'add', path: '/metadata/annotations', value: { 'example.com/note': 'x' } },
    ]);
    expect(body.spec.template.spec.containers[0].image).toBe('demo:v5');
    const failed = await patch('json-patch', [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'demo:v6' },
      { op: 'test', path: '/metadata/name', value: 'other' },
    ]);
    expect(failed.status).toBe(422);
    expect((await cluster.call('GET', path('web'))).body.spec.template.spec.containers[0].image).toBe(
      'demo:v5',
    );
  });

  test('a patch that changes nothing keeps the resourceVersion', async () => {
    const { body: before } = await patch('merge-patch', {
      metadata: { annotations: { 'example.com/note': 'same' } },
    });
    const { body } = await patch('merge-patch', {
      metadata: { annotations: { 'example.com/note': 'same' } },
    });
    expect(body.metadata.annotations).toEqual(before.metadata.annotations);
    expect(body.metadata.generation).toBe(before.metadata.generation);
  });

  test('a resourceVersion in a patch is a lock', async () => {
    const { status } = await patch('merge-patch', {
      metadata: { resourceVersion: '1', labels: { locked: 'yes' } },
    });
    expect(status).toBe(409);
  });

  test('refuses other media types, other names and force', async () => {
    expect((await cluster.call('PATCH', path('web'), { body: {}, type: 'application/json' })).status).toBe(
      415,
    );
    expect((await patch('merge-patch', { metadata: { name: 'other' } })).status).toBe(400);
    expect(
      (
        await cluster.call('PATCH', `${path('web')}?force=true`, {
          body: {},
          type: 'application/merge-patch+json',
        })
      ).status,
    ).toBe(422);
    expect(
      (await cluster.call('PATCH', path('absent'), { body: {}, type: 'application/merge-patch+json' }))
        .status,
    ).toBe(404);
  });
});
