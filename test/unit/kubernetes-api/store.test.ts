import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type KubernetesObject, sameJson } from '../../../local/kubernetes/object.ts';
import { StatusError } from '../../../local/kubernetes/status-error.ts';
import type { EventObject } from '../../../local/kubernetes/store/events.ts';
import { Store } from '../../../local/kubernetes/store.ts';
import { deployment } from './client.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});
const pod = (name: string, nodeName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'web', image: 'demo:v1' }], ...(nodeName !== undefined && { nodeName }) },
});

let store: Store;
beforeEach(() => {
  store = new Store();
  store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
});

function reasonOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof StatusError ? error.reason : String(error);
  }
  return undefined;
}

describe('writes', () => {
  test('what is handed out is frozen all the way down', () => {
    const created = store.create(configMap('frozen', { a: 'b' }));
    expect(() => Object.assign(created.data as object, { a: 'c' })).toThrow(TypeError);
    expect(() => Object.assign(created.metadata, { name: 'x' })).toThrow(TypeError);
  });

  test('what was handed in stays the caller’s', () => {
    const given = configMap('given', { a: 'b' });
    store.create(given);
    given.data.a = 'changed';
    expect(store.get('ConfigMap', 'default', 'given')?.data).toEqual({ a: 'b' });
  });

  test('of two writers that read the same version the second conflicts', () => {
    const read = store.create(configMap('raced'));
    store.update({ ...read, data: { by: 'first' } });
    expect(reasonOf(() => store.update({ ...read, data: { by: 'second' } }))).toBe('Conflict');
    expect(store.get('ConfigMap', 'default', 'raced')?.data).toEqual({ by: 'first' });
  });

  test('an object of the same name is another object', () => {
    const first = store.create(configMap('reborn'));
    store.delete('ConfigMap', 'default', 'reborn');
    store.create(configMap('reborn'));
    const { resourceVersion: _, ...metadata } = first.metadata;
    expect(reasonOf(() => store.update({ ...first, metadata: { ...metadata, resourceVersion: '' } }))).toBe(
      'Conflict',
    );
  });

  test('a generation counts specs, not statuses or labels', () => {
    const created = store.create({ ...deployment('web'), metadata: { name: 'web', namespace: 'default' } });
    store.patchStatus('Deployment', 'default', 'web', (draft) => {
      draft.status = { replicas: 1 };
    });
    const labelled = store.get('Deployment', 'default', 'web') as KubernetesObject;
    store.update({ ...labelled, metadata: { ...labelled.metadata, labels: { a: 'b' } } });
    expect(store.get('Deployment', 'default', 'web')?.metadata.generation).toBe(1);
    const { resourceVersion: _, ...metadata } = created.metadata;
    const changed = store.update({
      ...created,
      metadata: { ...metadata, resourceVersion: '' },
      spec: { ...(created.spec as object), replicas: 2 },
    });
    expect(changed.metadata.generation).toBe(2);
    expect(changed.status).toEqual({ replicas: 1 });
  });

  test('annotations written with a status are no new generation', () => {
    store.create({ ...deployment('web'), metadata: { name: 'web', namespace: 'default' } });
    store.patchStatus('Deployment', 'default', 'web', ({ metadata }) => {
      metadata.annotations = { 'deployment.kubernetes.io/revision': '1' };
      metadata.labels = { not: 'kept' };
    });
    expect(store.get('Deployment', 'default', 'web')?.metadata).toMatchObject({
      generation: 1,
      annotations: { 'deployment.kubernetes.io/revision': '1' },
    });
    expect(store.get('Deployment', 'default', 'web')?.metadata.labels).toBeUndefined();
  });

  test('patchStatus answers undefined when the object has gone', () => {
    expect(store.patchStatus('Pod', 'default', 'gone', () => {})).toBeUndefined();
  });

  test('a terminating namespace takes nothing new', () => {
    store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ending' } });
    const { object, removed } = store.delete('Namespace', undefined, 'ending');
    expect([removed, object.status]).toEqual([false, { phase: 'Terminating' }]);
    expect(
      reasonOf(() => store.create({ ...configMap('late'), metadata: { name: 'late', namespace: 'ending' } })),
    ).toBe('Forbidden');
    const emptied = { ...structuredClone(object), spec: { finalizers: [] } };
    store.update(emptied, { subresource: 'finalize' });
    expect(store.get('Namespace', undefined, 'ending')).toBeUndefined();
  });

  test('any history of writes has growing versions, and a dry run leaves none', () => {
    const writes = fc.array(
      fc.record({ name: fc.constantFrom('a', 'b', 'c'), value: fc.string(), dryRun: fc.boolean() }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(writes, (steps) => {
        const fresh = new Store();
        fresh.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
        for (const { name, value, dryRun } of steps) {
          const before = fresh.resourceVersion;
          const object = configMap(name, { value });
          const known = fresh.get('ConfigMap', 'default', name);
          const written = known
            ? fresh.update({ ...known, data: { value } }, { dryRun })
            : fresh.create(object, { dryRun });
          const isNew =
            Number(fresh.resourceVersion) === Number(before) + 1 &&
            written.metadata.resourceVersion === fresh.resourceVersion;
          const isSame = fresh.resourceVersion === before;
          expect(dryRun ? isSame : isNew || (isSame && sameJson(known?.data, { value }))).toBe(true);
        }
      }),
    );
  });
});

describe('deletion', () => {
  test('a pod that a kubelet runs terminates in its grace, and is gone when that is zero', () => {
    store.create(pod('run', 'node'));
    const { object, removed } = store.delete('Pod', 'default', 'run');
    expect([removed, object.metadata.deletionGracePeriodSeconds]).toEqual([false, 30]);
    expect(Date.parse(object.metadata.deletionTimestamp ?? '')).toBeGreaterThan(Date.now() + 28_000);
    expect(store.delete('Pod', 'default', 'run').object.metadata.resourceVersion).toBe(
      object.metadata.resourceVersion,
    );
    const shorter = store.delete('Pod', 'default', 'run', { gracePeriodSeconds: 5 });
    expect(shorter.object.metadata.deletionGracePeriodSeconds).toBe(5);
    expect(store.delete('Pod', 'default', 'run', { gracePeriodSeconds: 0 }).removed).toBe(true);
    expect(store.get('Pod', 'default', 'run')).toBeUndefined();
  });

  test('a pod that nobody runs goes at once', () => {
    store.create(pod('pending'));
    expect(store.delete('Pod', 'default', 'pending').removed).toBe(true);
    store.create(pod('done', 'node'));
    store.patchStatus('Pod', 'default', 'done', (draft) => {
      draft.status = { phase: 'Succeeded' };
    });
    expect(store.delete('Pod', 'default', 'done').removed).toBe(true);
  });

  test('policies are finalizers for the garbage collector', () => {
    for (const [propagationPolicy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      store.create(configMap(finalizer.toLowerCase()));
      const { object } = store.delete('ConfigMap', 'default', finalizer.toLowerCase(), { propagationPolicy });
      expect(object.metadata.finalizers).toEqual([finalizer]);
    }
  });
});

describe('watches', () => {
  const follow = (from: string) => {
    const seen: string[] = [];
    const stop = store.watch('ConfigMap', from, ({ type, object }) =>
      seen.push(`${type} ${object.metadata.name}`),
    );
    return { seen, stop };
  };

  test('replay what came after a version, then follow, in order', async () => {
    store.create(configMap('before'));
    const from = store.resourceVersion;
    store.create(configMap('one'));
    store.create(pod('another-kind'));
    const { seen, stop } = follow(from);
    expect(seen).toEqual([]);
    store.create(configMap('two'));
    store.delete('ConfigMap', 'default', 'one');
    await turn();
    expect(seen).toEqual(['ADDED one', 'ADDED two', 'DELETED one']);
    stop();
    store.create(configMap('three'));
    await turn();
    expect(seen).toHaveLength(3);
  });

  test('a listener may write, and all listeners see the same order', async () => {
    const from = store.resourceVersion;
    const first = follow(from);
    store.watch('ConfigMap', from, ({ type, object }) => {
      if (type === 'ADDED' && object.metadata.name === 'cause') store.create(configMap('effect'));
    });
    const second = follow(from);
    store.create(configMap('cause'));
    store.create(configMap('other'));
    await turn();
    expect(first.seen).toEqual(['ADDED cause', 'ADDED other', 'ADDED effect']);
    expect(second.seen).toEqual(first.seen);
  });

  test('what was forgotten is Expired', () => {
    const small = new Store({ historySize: 2 });
    for (let number = 0; number < 10; number += 1)
      small.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `n${number}` } });
    expect(reasonOf(() => small.watch('Namespace', '2', () => {}))).toBe('Expired');
    expect(reasonOf(() => small.watch('Namespace', small.resourceVersion, () => {}))).toBeUndefined();
  });

  test('however writes and watchers interleave, each watcher sees every change once', async () => {
    const steps = fc.array(fc.constantFrom('write', 'watch', 'turn'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const fresh = new Store();
        const written: string[] = [];
        const watchers: { from: number; seen: string[] }[] = [];
        for (const step of plan) {
          if (step === 'turn') await turn();
          if (step === 'watch') {
            const watcher = { from: written.length, seen: [] as string[] };
            fresh.watch('Namespace', fresh.resourceVersion, ({ object }) =>
              watcher.seen.push(object.metadata.name),
            );
            watchers.push(watcher);
          }
          if (step === 'write') {
            written.push(`n${written.length}`);
            fresh.create({
              apiVersion: 'v1',
              kind: 'Namespace',
              metadata: { name: `n${written.length - 1}` },
            });
          }
        }
        await turn();
        for (const { from, seen } of watchers) expect(seen).toEqual(written.slice(from));
      }),
      { numRuns: 50 },
    );
  });
});

describe('events', () => {
  test('what is told again is counted', () => {
    const about = store.create(pod('noisy'));
    const events = () =>
      store.list<EventObject>('Event', { fieldSelector: 'involvedObject.name=noisy' }).items;
    for (let time = 0; time < 3; time += 1)
      store.recordEvent(about, 'Warning', 'BackOff', 'restarting', 'kubelet');
    store.recordEvent(about, 'Warning', 'BackOff', 'restarting', 'kubelet', {
      fieldPath: 'spec.containers{web}',
    });
    store.recordEvent(about, 'Normal', 'Pulled', 'got it', 'kubelet');
    expect(
      events()
        .map(({ reason, count, involvedObject }) => [reason, count, involvedObject.fieldPath])
        .toSorted(),
    ).toEqual([
      ['BackOff', 1, 'spec.containers{web}'],
      ['BackOff', 3, undefined],
      ['Pulled', 1, undefined],
    ]);
  });

  test('a namespace keeps a bounded number of them', () => {
    const about = store.create(pod('chatty'));
    for (let number = 0; number < 520; number += 1)
      store.recordEvent(about, 'Normal', 'Said', `${number}`, 'test');
    const { items } = store.list<EventObject>('Event', { namespace: 'default' });
    expect(items.length).toBe(500);
    expect(items.map(({ message }) => message)).toContain('519');
  });
});
