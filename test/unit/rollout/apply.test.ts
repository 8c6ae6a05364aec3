import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LABELS, object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const config = (name: string, value = 'a') => object('ConfigMap', name, { data: { value } });
const of = (number: number, ...names: string[]) =>
  releaseWith(
    number,
    names.map((name) => config(name, String(number))),
  );

it('takes away what a release no longer contains, and tells it', async () => {
  await on.ask({ do: 'apply', phase: 0, release: of(1, 'a', 'b') });
  const answer = await on.ask({ do: 'apply', phase: 0, release: of(2, 'b', 'c') });
  expect(answer).toEqual({
    state: 'live',
    applied: {
      changes: [
        { object: 'ConfigMap b', is: 'changed', fields: ['.data[value]: "1" -> "2"'] },
        { object: 'ConfigMap c', is: 'created', fields: [] },
        { object: 'ConfigMap a', is: 'removed', fields: [] },
      ],
    },
  });
  expect(on.fake.names()).toEqual(['ConfigMap b', 'ConfigMap c', 'Namespace shop']);
  expect(on.fake.remembered()).toEqual(['v1 ConfigMap b', 'v1 ConfigMap c']);
});

it('leaves nothing behind that nobody remembers, whichever request it is cut off at', async () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(names, names, names, fc.nat(30), async (first, second, third, left) => {
      on.fake.objects.clear();
      await on.ask({ do: 'apply', phase: 0, release: of(1, ...first) });
      await on.ask({ do: 'apply', phase: 0, release: of(2, ...second) }, {}, left).catch(() => {});
      await on.ask({ do: 'apply', phase: 0, release: of(3, ...third) });
      const expected = third.map((name) => `ConfigMap ${name}`).sort();
      expect(on.fake.names()).toEqual([...expected, 'Namespace shop']);
      expect(on.fake.remembered()).toEqual(expected.map((name) => `v1 ${name}`));
    }),
    { numRuns: 25 },
  );
});

it('removes everything of an environment, whichever request it is cut off at', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), fc.nat(30), async (applying, removing) => {
      on.fake.objects.clear();
      await on.ask({ do: 'apply', phase: 0, release: of(1, 'a', 'b') }, {}, applying).catch(() => {});
      await on.ask({ do: 'remove', release: of(2, 'b', 'c') }, {}, removing).catch(() => {});
      expect(await on.ask({ do: 'remove', release: of(2, 'b', 'c') })).toEqual({ state: 'removed' });
      expect([...on.fake.objects]).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

it('takes away only what is its own, whatever the inventory says', async () => {
  await on.ask({ do: 'apply', phase: 0, release: of(1, 'a', 'mine', 'newer') });
  const at = (name: string) => on.fake.objects.get(`/api/v1/namespaces/shop/configmaps/${name}`);
  at('mine').metadata.labels = { ...LABELS, 'app.kubernetes.io/instance': 'other-production' };
  at('newer').metadata.annotations['fairlead.dev/fence'] = '9';
  await on.ask({ do: 'apply', phase: 0, release: of(2, 'b') });
  expect(on.fake.names()).toEqual(['ConfigMap b', 'ConfigMap mine', 'ConfigMap newer', 'Namespace shop']);
  // What a newer claim has written is its business, and stays on record; what is somebody else's is forgotten.
  expect(on.fake.remembered()).toEqual(['v1 ConfigMap b', 'v1 ConfigMap newer']);
});

it('keeps volumes that a release no longer contains, and has them go with the environment', async () => {
  const claim = object('PersistentVolumeClaim', 'data', { spec: {} });
  await on.ask({ do: 'apply', phase: 0, release: releaseWith(1, [claim]) });
  const { applied } = (await on.ask({ do: 'apply', phase: 0, release: of(2, 'a') })) as { applied?: unknown };
  expect(JSON.stringify(applied)).not.toContain('removed');
  expect(on.fake.names()).toContain('PersistentVolumeClaim data');
  await on.ask({ do: 'remove', release: of(3, 'a') });
  expect([...on.fake.objects]).toEqual([]);
});

it('changes nothing when anything is refused, and leaves no namespace of a first release', async () => {
  on.fake.refused.set('/api/v1/namespaces/shop/configmaps/b', 'ConfigMap "b" is invalid: data: no');
  const refused = await on.ask({ do: 'apply', phase: 0, release: of(1, 'a', 'b') });
  expect(refused).toMatchObject({ state: 'failed', reason: 'ConfigMap "b" is invalid: data: no' });
  expect([...on.fake.objects]).toEqual([]);
});

it('keeps a namespace that was there before, and one that another app is in', async () => {
  on.fake.objects.set('/api/v1/namespaces/shop', object('Namespace', 'shop'));
  on.fake.objects.get('/api/v1/namespaces/shop').metadata.labels = {};
  await on.ask({ do: 'apply', phase: 0, release: of(1, 'a') });
  await on.ask({ do: 'remove', release: of(2, 'a') });
  expect(on.fake.names()).toEqual(['Namespace shop']);
  on.fake.objects.clear();
  await on.ask({ do: 'apply', phase: 0, release: of(1, 'a') });
  const other = { ...of(1, 'z'), app: 'api' };
  other.resources = [{ ...config('z'), metadata: { ...config('z').metadata, labels: {} } }];
  await on.ask({ do: 'apply', phase: 0, release: other });
  await on.ask({ do: 'remove', release: of(2, 'a') });
  expect(on.fake.names()).toEqual(['ConfigMap z', 'Namespace shop']);
});

it('stops for a newer claim before anything is changed', async () => {
  await on.ask({ do: 'apply', phase: 0, release: of(7, 'a') });
  const before = structuredClone([...on.fake.objects]);
  expect(await on.ask({ do: 'apply', phase: 0, release: of(6, 'a', 'b') })).toEqual({
    state: 'superseded',
    by: 7,
  });
  expect([...on.fake.objects]).toEqual(before);
});

it('brings a release back as a whole, and takes away what the failed one had made', async () => {
  await on.ask({ do: 'apply', phase: 0, release: of(1, 'a', 'b') });
  await on.ask({ do: 'apply', phase: 0, release: of(2, 'b', 'c') });
  const answer = await on.ask({ do: 'undo', release: of(2, 'b', 'c'), back: of(3, 'a', 'b'), fence: 2 });
  expect(answer).toEqual({ state: 'live' });
  expect(on.fake.names()).toEqual(['ConfigMap a', 'ConfigMap b', 'Namespace shop']);
});

it('brings back what can be brought back, and says what was refused', async () => {
  const deployment = object('Deployment', 'web', { spec: {} }, 'apps/v1');
  on.fake.refused.set('/api/v1/namespaces/shop/configmaps/a', 'no more ConfigMaps');
  const back = releaseWith(3, [config('a'), deployment]);
  const answer = await on.ask({ do: 'undo', release: of(2, 'b'), back, fence: 2 });
  expect(answer).toMatchObject({ state: 'failed', reason: 'no more ConfigMaps' });
  expect(on.fake.names()).toEqual(['Deployment web', 'Namespace shop']);
});

it('keeps old objects while a release is watched, and prunes when it is asked to', async () => {
  const watched = (release: ReturnType<typeof of>) => ({
    ...release,
    bake: { ...release.bake, seconds: 30 },
  });
  await on.ask({ do: 'apply', phase: 0, release: of(1, 'a') });
  const second = watched(of(2, 'b'));
  expect(await on.ask({ do: 'apply', phase: 0, release: second })).toMatchObject({ state: 'live' });
  expect(on.fake.names()).toContain('ConfigMap a');
  expect(await on.ask({ do: 'prune', release: second })).toEqual({ state: 'removed' });
  expect(on.fake.names()).toEqual(['ConfigMap b', 'Namespace shop']);
});

it('names all kinds that the cluster lacks, and takes them up once they are there', async () => {
  const lacking = releaseWith(1, [
    object('Widget', 'w', {}, 'example.com/v1'),
    object('Gadget', 'g', {}, 'example.com/v1'),
  ]);
  const answer = await on.ask({ do: 'apply', phase: 0, release: lacking });
  expect(answer).toMatchObject({
    state: 'failed',
    blame: 'elsewhere',
    reason: expect.stringContaining('the kinds Widget of example.com/v1, Gadget of example.com/v1'),
  });
});

it('takes the older version of an API where the cluster has no newer one', async () => {
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3 };
  const scaler = object('HorizontalPodAutoscaler', 'web', { spec }, 'autoscaling/v2');
  await on.ask({ do: 'apply', phase: 0, release: releaseWith(1, [scaler]) });
  const path = '/apis/autoscaling/v2beta2/namespaces/shop/horizontalpodautoscalers/web';
  expect(on.fake.objects.get(path)).toMatchObject({ apiVersion: 'autoscaling/v2beta2' });
  await on.ask({ do: 'apply', phase: 0, release: of(2, 'a') });
  expect(on.fake.objects.has(path)).toBe(false);
});

it('gives the namespace that it made the labels of the release, and nobody else’s', async () => {
  const labelled = (number: number, level: string) =>
    releaseWith(number, [
      {
        ...object('Namespace', 'shop'),
        metadata: { name: 'shop', labels: { ...LABELS, 'pod-security.kubernetes.io/enforce': level } },
      },
    ]);
  const level = () =>
    on.fake.objects.get('/api/v1/namespaces/shop').metadata.labels['pod-security.kubernetes.io/enforce'];
  await on.ask({ do: 'apply', phase: 0, release: labelled(1, 'restricted') });
  await on.ask({ do: 'apply', phase: 0, release: labelled(2, 'baseline') });
  expect(level()).toBe('baseline');
  on.fake.objects.get('/api/v1/namespaces/shop').metadata.labels = { team: 'a' };
  await on.ask({ do: 'apply', phase: 0, release: labelled(3, 'restricted') });
  expect(on.fake.objects.get('/api/v1/namespaces/shop').metadata.labels).toEqual({ team: 'a' });
});

it.each([
  { owner: 'fairlead', kept: 5 },
  // Whoever else has set it keeps it: the field is not applied.
  { owner: 'kube-controller-manager', kept: undefined },
])('leaves pods to an autoscaler without falling back to one ($owner)', async ({ owner, kept }) => {
  const deployment = (spec: object) => object('Deployment', 'web', { spec }, 'apps/v1');
  const path = '/apis/apps/v1/namespaces/shop/deployments/web';
  on.fake.objects.set('/api/v1/namespaces/shop', object('Namespace', 'shop'));
  const fields = { 'f:spec': { 'f:replicas': {} } };
  const managedFields = [{ manager: owner, operation: 'Apply', fieldsV1: fields }];
  const live = deployment({ replicas: 5 });
  on.fake.objects.set(path, {
    ...live,
    metadata: { ...live.metadata, uid: 'u', resourceVersion: '1', managedFields },
  });
  const release = releaseWith(2, [deployment({ paused: true })]);
  // Its pods never come: what is applied is all that is looked at.
  await on.ask({ do: 'apply', phase: 0, release }, { newestFence: async () => 9 });
  expect(on.fake.objects.get(path).spec).toEqual({
    paused: true,
    ...(kept !== undefined && { replicas: kept }),
  });
});

it('writes what does not change beside what makes pods, and what they need before it', async () => {
  const deployment = (value: string) => object('Deployment', 'web', { spec: { value } }, 'apps/v1');
  const wait = { newestFence: async () => 9 };
  const apply = (number: number, settings: string) =>
    on.ask(
      {
        do: 'apply',
        phase: 0,
        release: releaseWith(number, [config('a', settings), deployment(String(number))]),
      },
      wait,
    );
  const order = () =>
    on.api.requests
      .filter(({ method, query }) => method === 'PATCH' && !query.has('dryRun'))
      .flatMap(({ body }) => (Array.isArray(body) ? [] : [`${body.kind} ${body.metadata.name}`]));
  await apply(1, 'x');
  on.api.requests.length = 0;
  await apply(2, 'y');
  // Before anything else, what there was before.
  const inventory = 'ConfigMap fairlead-inventory-web';
  expect(order()).toEqual([inventory, 'ConfigMap a', 'Deployment web']);
  on.api.requests.length = 0;
  await apply(3, 'y');
  expect(order()[0]).toBe(inventory);
  expect(order().slice(1).sort()).toEqual(['ConfigMap a', 'Deployment web']);
  // One question each about everything, a dry run each, a write each: nobody is asked twice.
  const about = on.api.requests.filter(({ path }) => path.endsWith('/configmaps/a'));
  expect(about.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'PATCH']);
});

it('keeps what pods that stay are started with, for as long as they do, and nothing for those that go too', async () => {
  const pod = (name: string, owner: object, refersTo: string, more: object = {}) => {
    const envFrom = [{ configMapRef: { name: refersTo } }];
    const metadata = {
      name,
      labels: { 'pod-template-hash': 'x1' },
      ownerReferences: [{ ...owner, controller: true }],
    };
    const container = { name: 'web', envFrom };
    on.fake.objects.set(`/api/v1/namespaces/shop/pods/${name}`, {
      metadata: { ...metadata, ...more },
      spec: { containers: [container] },
    });
  };
  const spec = { selector: { matchLabels: LABELS }, template: { spec: { containers: [] } } };
  const deployment = object('Deployment', 'web-blue', { spec }, 'apps/v1');
  const first = of(1, 'kept', 'leaving', 'gone', 'unused');
  await on.ask({ do: 'apply', phase: 0, release: first });
  on.fake.objects.get('/api/v1/namespaces/shop/configmaps/fairlead-inventory-web').data.objects +=
    '\napps/v1 Deployment web-blue';
  on.fake.objects.set('/apis/apps/v1/namespaces/shop/deployments/web-blue', {
    ...deployment,
    metadata: { ...deployment.metadata, uid: 'd', resourceVersion: '1' },
  });
  pod('db-0', { kind: 'StatefulSet', name: 'db' }, 'kept');
  pod('web-1', { kind: 'ReplicaSet', name: 'web-x1' }, 'leaving', {
    deletionTimestamp: '2026-11-01T10:00:00Z',
  });
  pod('web-blue-1', { kind: 'ReplicaSet', name: 'web-blue-x1' }, 'gone');
  await on.ask({ do: 'apply', phase: 0, release: of(2, 'a') });
  const left = on.fake.names().filter((name) => !name.startsWith('undefined'));
  expect(left).toEqual(['ConfigMap a', 'ConfigMap kept', 'Namespace shop']);
  expect(on.fake.remembered()).toEqual(['v1 ConfigMap a', 'v1 ConfigMap kept']);
  on.fake.objects.delete('/api/v1/namespaces/shop/pods/db-0');
  await on.ask({ do: 'apply', phase: 0, release: of(3, 'a') });
  expect(on.fake.names()).not.toContain('ConfigMap kept');
});
