import { afterEach, beforeEach, expect, it } from 'vitest';
import { object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const RELEASE = releaseWith(3, [object('ConfigMap', 'a'), object('Service', 'web')]);

it('removes what this claim wrote, and what one wrote that it took over from', async () => {
  await on.ask({ do: 'apply', phase: 0, release: RELEASE, fence: 3 });
  expect(on.fake.names()).toHaveLength(3);
  expect(await on.ask({ do: 'undo', release: RELEASE, fence: 5 })).toEqual({ state: 'removed' });
  expect([...on.fake.objects]).toEqual([]);
  // Once more is as good as once.
  expect(await on.ask({ do: 'undo', release: RELEASE, fence: 5 })).toEqual({ state: 'removed' });
});

it('leaves what a newer claim has written', async () => {
  await on.ask({ do: 'apply', phase: 0, release: RELEASE, fence: 6 });
  const before = [...on.fake.objects.keys()];
  expect(await on.ask({ do: 'undo', release: RELEASE, fence: 5 })).toEqual({ state: 'superseded', by: 6 });
  expect([...on.fake.objects.keys()]).toEqual(before);
});

it('leaves the namespace and the inventory, too, which may be older than what a newer claim has written', async () => {
  await on.ask({ do: 'apply', phase: 0, release: RELEASE, fence: 1 });
  await on.ask({ do: 'apply', phase: 0, release: { ...RELEASE, number: 4 }, fence: 6 });
  const before = [...on.fake.objects.keys()];
  // A ledger that was lost gives the first fence once more.
  for (const how of ['undo', 'remove'] as const)
    expect(await on.ask({ do: how, release: RELEASE, fence: 1 })).toEqual({ state: 'superseded', by: 6 });
  expect([...on.fake.objects.keys()]).toEqual(before);
});

it('removes objects of the whole cluster’s users only with their namespace', async () => {
  const definition = object('CustomResourceDefinition', 'widgets.example.com', {}, 'apiextensions.k8s.io/v1');
  await on.ask({ do: 'apply', phase: 0, release: releaseWith(1, [definition]) });
  await on.ask({ do: 'remove', release: releaseWith(2, []) });
  const left = [...on.fake.objects.values()].map(({ kind }) => kind);
  expect(left).toEqual(['CustomResourceDefinition']);
});

it('leaves namespaces to their own rules, whatever somebody has written into the inventory', async () => {
  await on.ask({ do: 'apply', phase: 0, release: RELEASE, fence: 3 });
  const inventory = on.fake.objects.get('/api/v1/namespaces/shop/configmaps/fairlead-inventory-web');
  inventory.data.objects += '\nv1 Namespace shop\nnonsense';
  const other = releaseWith(1, [object('ConfigMap', 'theirs')]);
  for (const { metadata } of other.resources) metadata.labels = {};
  await on.ask({ do: 'apply', phase: 0, release: { ...other, app: 'api' }, fence: 1 });
  await on.ask({ do: 'remove', release: RELEASE, fence: 5 });
  expect(on.fake.names()).toEqual(['ConfigMap theirs', 'Namespace shop']);
});
