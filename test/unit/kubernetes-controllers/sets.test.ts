import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startControllers } from '../../../local/kubernetes/controllers/controllers.ts';
import type { Pod } from '../../../local/kubernetes/controllers/types.ts';
import type { KubernetesObject } from '../../../local/kubernetes/object.ts';
import { Store } from '../../../local/kubernetes/store.ts';
import { ready, template } from './objects.ts';
import { settled } from './settle.ts';

let store: Store;
let stop: () => void;

beforeEach(() => {
  store = new Store();
  store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  store.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'local', labels: { disk: 'ssd' } } });
  stop = startControllers(store);
});

afterEach(() => stop());

const settle = () => settled(store);

const pods = () => store.list<Pod>('Pod').items;
const names = () => pods().map(({ metadata }) => metadata.name);

/** Plays the kubelet for one round: pods become ready, and those that are told to end are gone. */
async function round(): Promise<void> {
  for (const pod of pods()) {
    const { name, deletionTimestamp } = pod.metadata;
    if (!pod.spec.nodeName) store.update<Pod>({ ...pod, spec: { ...pod.spec, nodeName: 'local' } });
    if (deletionTimestamp) store.delete('Pod', 'default', name, { gracePeriodSeconds: 0 });
    else
      store.patchStatus<Pod>('Pod', 'default', name, (draft) => {
        draft.status = { phase: 'Running', conditions: ready() as [] };
      });
  }
  await settle();
}

async function create(kind: string, spec: object = {}): Promise<void> {
  store.create({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'db', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, template: template('v1'), ...spec },
  });
  await settle();
}

async function change(kind: string, spec: object): Promise<void> {
  const current = store.get(kind, 'default', 'db') as KubernetesObject;
  store.update({ ...current, spec: { ...(current.spec as object), ...spec } });
  await settle();
}

const images = () => pods().map(({ spec }) => spec.containers[0]?.image);

describe('a StatefulSet', () => {
  test('makes its pods one after another, and replaces the last one first', async () => {
    await create('StatefulSet', { replicas: 2, serviceName: 'db' });
    expect(names()).toEqual(['db-0']);
    await round();
    expect(names()).toEqual(['db-0', 'db-1']);
    await round();
    const status = () => store.get('StatefulSet', 'default', 'db')?.status;
    expect(status()).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      updatedReplicas: 2,
      availableReplicas: 2,
    });
    await change('StatefulSet', { template: template('v2') });
    await round();
    expect(images()).toEqual(['web:v1', 'web:v2']);
    expect(status()).toMatchObject({ updatedReplicas: 1 });
    for (let rounds = 0; rounds < 4; rounds += 1) await round();
    expect(images()).toEqual(['web:v2', 'web:v2']);
    const { currentRevision, updateRevision } = status() as Record<string, string>;
    expect(currentRevision).toBe(updateRevision);
  });

  test('is scaled down from the highest number', async () => {
    await create('StatefulSet', { replicas: 3, podManagementPolicy: 'Parallel' });
    expect(names()).toEqual(['db-0', 'db-1', 'db-2']);
    await round();
    await change('StatefulSet', { replicas: 1 });
    await round();
    expect(names()).toEqual(['db-0']);
  });
});

describe('a DaemonSet', () => {
  test('has a pod on the node, and replaces it', async () => {
    await create('DaemonSet');
    await round();
    const status = () => store.get('DaemonSet', 'default', 'db')?.status;
    expect(status()).toMatchObject({
      desiredNumberScheduled: 1,
      numberReady: 1,
      updatedNumberScheduled: 1,
      numberAvailable: 1,
    });
    await change('DaemonSet', { template: template('v2') });
    await round();
    expect(images()).toEqual(['web:v2']);
    expect(status()).toMatchObject({ numberUnavailable: 1 });
    await round();
    expect(status()).toMatchObject({ numberAvailable: 1, updatedNumberScheduled: 1 });
  });

  test('has none where the node is not selected', async () => {
    const { spec } = template('v1');
    await create('DaemonSet', {
      template: { ...template('v1'), spec: { ...spec, nodeSelector: { disk: 'tape' } } },
    });
    expect(pods()).toEqual([]);
    expect(store.get('DaemonSet', 'default', 'db')?.status).toMatchObject({ desiredNumberScheduled: 0 });
  });
});
