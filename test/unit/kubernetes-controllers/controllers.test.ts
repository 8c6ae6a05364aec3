import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startControllers } from '../../../local/kubernetes/controllers/controllers.ts';
import type { Deployment, Pod, ReplicaSet } from '../../../local/kubernetes/controllers/types.ts';
import type { KubernetesObject } from '../../../local/kubernetes/object.ts';
import { Store } from '../../../local/kubernetes/store.ts';
import { ready, template } from './objects.ts';
import { settled } from './settle.ts';

let store: Store;
let stop: () => void;

beforeEach(() => {
  store = new Store();
  store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  stop = startControllers(store);
});

afterEach(() => stop());

const settle = () => settled(store);

const pods = () => store.list<Pod>('Pod').items;
const web = () => store.get<Deployment>('Deployment', 'default', 'web');
const revisions = () =>
  store
    .list<ReplicaSet>('ReplicaSet')
    .items.map(({ metadata, spec }) => [
      metadata.annotations?.['deployment.kubernetes.io/revision'],
      spec.replicas,
    ])
    .sort();

/** Plays the kubelet: every pod runs and is ready, and those that are told to end have ended. */
async function runPods(): Promise<void> {
  await settle();
  for (const { metadata } of pods()) {
    if (metadata.deletionTimestamp) store.delete('Pod', 'default', metadata.name, { gracePeriodSeconds: 0 });
    else {
      place(metadata.name);
      store.patchStatus<Pod>('Pod', 'default', metadata.name, (draft) => {
        draft.status = { phase: 'Running', podIP: `ip-of-${metadata.name}`, conditions: ready() as [] };
      });
    }
  }
  await settle();
}

/** One that a node runs terminates before it is gone. */
function place(name: string): void {
  const pod = store.get<Pod>('Pod', 'default', name);
  if (pod && !pod.spec.nodeName) store.update<Pod>({ ...pod, spec: { ...pod.spec, nodeName: 'local' } });
}

async function runAll(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await runPods();
}

function create(spec: object = {}): void {
  store.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template('v1'), ...spec },
  });
}

function change(spec: object): void {
  const current = web();
  if (!current) throw new Error('there is no Deployment');
  store.update<Deployment>({ ...current, spec: { ...current.spec, ...spec } } as Deployment);
}

describe('a Deployment', () => {
  test('gets its pods, and is done when they are available', async () => {
    create();
    await settle();
    expect(pods()).toHaveLength(2);
    expect(pods()[0]?.metadata.labels).toMatchObject({ app: 'web', 'pod-template-hash': expect.any(String) });
    expect(web()?.status).toMatchObject({
      replicas: 2,
      unavailableReplicas: 2,
      observedGeneration: expect.any(Number),
    });
    await runAll();
    expect(web()?.status).toMatchObject({ readyReplicas: 2, availableReplicas: 2, updatedReplicas: 2 });
    expect(web()?.status?.conditions).toContainEqual(
      expect.objectContaining({ reason: 'NewReplicaSetAvailable' }),
    );
    expect(web()?.status?.observedGeneration).toBe(web()?.metadata.generation);
  });

  test('rolls to a new template and back, with revisions', async () => {
    create();
    await runAll();
    change({ template: template('v2') });
    await runAll();
    expect(pods().map(({ spec }) => spec.containers[0]?.image)).toEqual(['web:v2', 'web:v2']);
    expect(revisions()).toEqual([
      ['1', 0],
      ['2', 2],
    ]);
    change({ template: template('v1') });
    await runAll();
    expect(revisions()).toEqual([
      ['2', 0],
      ['3', 2],
    ]);
    const told = store.list('Event', {
      fieldSelector: 'reason=ScalingReplicaSet,involvedObject.kind=Deployment',
    });
    expect(told.items[0]?.message).toMatch(/^Scaled (up|down) replica set web-\w+ from \d to \d$/);
  });

  test('is scaled', async () => {
    create();
    await runAll();
    change({ replicas: 4 });
    await runAll();
    expect(pods()).toHaveLength(4);
    change({ replicas: 0 });
    await runAll();
    expect(pods()).toHaveLength(0);
  });

  test('replaces a pod that was deleted', async () => {
    create();
    await runAll();
    const [victim] = pods();
    store.delete('Pod', 'default', victim?.metadata.name ?? '', { gracePeriodSeconds: 0 });
    await settle();
    expect(pods()).toHaveLength(2);
    expect(pods().map(({ metadata }) => metadata.uid)).not.toContain(victim?.metadata.uid);
  });

  test.each(['Background', 'Foreground'] as const)(
    'takes its pods with it: %s',
    async (propagationPolicy) => {
      create();
      await runAll();
      store.delete('Deployment', 'default', 'web', { propagationPolicy });
      await settle();
      expect(web() === undefined).toBe(propagationPolicy === 'Background');
      await runAll();
      expect([web(), ...pods(), ...store.list('ReplicaSet').items]).toEqual([undefined]);
    },
  );

  test('leaves its ReplicaSet behind when told to, and takes it again', async () => {
    create();
    await runAll();
    store.delete('Deployment', 'default', 'web', { propagationPolicy: 'Orphan' });
    await runAll();
    expect(web()).toBeUndefined();
    expect(store.list('ReplicaSet').items[0]?.metadata.ownerReferences ?? []).toEqual([]);
    const before = pods().map(({ metadata }) => metadata.uid);
    create();
    await runAll();
    expect(pods().map(({ metadata }) => metadata.uid)).toEqual(before);
    expect(store.list('ReplicaSet').items).toHaveLength(1);
  });
});

test('a Service follows its ready pods', async () => {
  create();
  store.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const addresses = () => {
    const { subsets } = (store.get('Endpoints', 'default', 'web') ?? {}) as KubernetesObject & {
      subsets?: { addresses?: { ip: string }[] }[];
    };
    return subsets?.[0]?.addresses?.map(({ ip }) => ip) ?? [];
  };
  await settle();
  expect(addresses()).toEqual([]);
  await runPods();
  expect(addresses()).toHaveLength(2);
  const [victim] = pods();
  store.delete('Pod', 'default', victim?.metadata.name ?? '');
  await settle();
  expect(addresses()).not.toContain(victim?.status?.podIP);
  store.delete('Service', 'default', 'web');
  await settle();
  expect(store.list('EndpointSlice').items).toEqual([]);
  expect(store.get('Endpoints', 'default', 'web')).toBeUndefined();
});

test('a namespace goes when all in it is gone', async () => {
  create();
  store.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default' },
    data: {},
  });
  await runAll();
  store.delete('Namespace', undefined, 'default');
  await settle();
  expect(store.get('ConfigMap', 'default', 'c')).toBeUndefined();
  expect(store.get('Namespace', undefined, 'default')?.metadata.deletionTimestamp).toBeDefined();
  await runAll();
  expect(store.get('Namespace', undefined, 'default')).toBeUndefined();
});
