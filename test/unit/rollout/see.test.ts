import { afterEach, beforeEach, expect, it } from 'vitest';
import { object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const DEPLOYMENT = '/apis/apps/v1/namespaces/shop/deployments/web';
const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } } };
const RELEASE = releaseWith(3, [object('Service', 'web'), object('Deployment', 'web', { spec }, 'apps/v1')]);
const see = (fence = 3) => on.ask({ do: 'see', release: RELEASE, fence });

/** Nobody makes pods here, so it does not get live: it is there all the same. */
const write = async (number = 3, fence = 3) => {
  const known = { ...RELEASE, number };
  // Of what is not followed for want of pods, only the writing counts.
  await on.ask({
    do: 'apply',
    phase: 0,
    release: { ...known, resources: known.resources.slice(0, 1) },
    fence,
  });
  const annotations = { 'fairlead.dev/release': String(number), 'fairlead.dev/fence': String(fence) };
  on.fake.objects.set(DEPLOYMENT, {
    ...object('Deployment', 'web', { spec, status: { replicas: 2, readyReplicas: 1 } }, 'apps/v1'),
    metadata: { name: 'web', namespace: 'shop', annotations },
  });
};

it('sees a release that is there, though a pod of it is being made anew', async () => {
  await write();
  expect(await see()).toEqual({ state: 'seen' });
  // A claim may have been made since that has written nothing.
  expect(await see(9)).toEqual({ state: 'seen' });
});

it.each([
  ['a workload', DEPLOYMENT, 'Deployment shop/web'],
  ['anything else', '/api/v1/namespaces/shop/services/web', 'Service shop/web'],
])('misses %s that somebody has deleted', async (_, path, missing) => {
  await write();
  on.fake.objects.delete(path);
  expect(await see()).toEqual({ state: 'seen', missing });
});

it('misses what is being deleted, and what another release has written', async () => {
  await write();
  on.fake.objects.get(DEPLOYMENT).metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  expect(await see()).toEqual({ state: 'seen', missing: 'Deployment shop/web' });
  await write(2, 2);
  expect(await see()).toEqual({ state: 'seen', missing: 'Deployment shop/web' });
});

it('leaves it to a newer claim', async () => {
  await write(4, 4);
  expect(await see()).toEqual({ state: 'superseded', by: 4 });
});
