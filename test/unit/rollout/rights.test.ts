import { afterEach, beforeEach, expect, it } from 'vitest';
import { object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
  on.fake.rights = { lag: 0 };
});
afterEach(() => on.close());

const NAMESPACE = '/api/v1/namespaces/shop';
const release = (number: number) => releaseWith(number, [object('ConfigMap', 'a')]);
const apply = (number: number) => on.ask({ do: 'apply', phase: 0, release: release(number) });
const asked = () => on.api.requests.map(({ method, path }) => `${method} ${path}`);
const bindings = () => asked().filter((one) => one.endsWith('/rolebindings'));

it('gives itself its rights in the namespace that it makes, by one request, and by none later', async () => {
  await apply(1);
  expect(on.fake.names()).toEqual(['ConfigMap a', 'Namespace shop']);
  expect(bindings()).toHaveLength(1);
  const made = asked().indexOf(`POST ${NAMESPACE.slice(0, -5)}`);
  expect(asked()[made + 1]).toBe(bindings()[0]);
  // Of what is in a namespace that is not there yet nothing is asked but whether it would be welcome.
  expect(asked().filter((one) => one.includes('/configmaps/'))).toEqual([`PATCH ${NAMESPACE}/configmaps/a`]);
  on.api.requests.length = 0;
  await apply(2);
  expect(bindings()).toEqual([]);
  expect(asked().filter((one) => one === `GET ${NAMESPACE}`)).toHaveLength(1);
});

it('waits for a cluster that is slow to notice', async () => {
  on.fake.rights = { lag: 4 };
  await apply(1);
  expect(on.fake.names()).toEqual(['ConfigMap a', 'Namespace shop']);
});

it('gives them again in a namespace of its own where they are missing', async () => {
  await apply(1);
  on.fake.bound.clear();
  await apply(2);
  expect(on.fake.objects.get(`${NAMESPACE}/configmaps/a`).metadata.annotations['fairlead.dev/fence']).toBe(
    '2',
  );
  expect(on.fake.bound).toEqual(new Set(['shop']));
});

it('gives them again where somebody takes them away at once', { timeout: 20_000 }, async () => {
  await apply(1);
  on.fake.bound.clear();
  await on.ask({ do: 'apply', phase: 0, release: release(2) });
  expect(on.fake.bound).toEqual(new Set(['shop']));
});

it('takes no namespace of anybody else, and says how its owner hands it over', async () => {
  const theirs = { kind: 'Namespace', metadata: { name: 'shop', uid: 'x', resourceVersion: '1' } };
  on.fake.objects.set(NAMESPACE, theirs);
  expect(await apply(1)).toMatchObject({
    state: 'failed',
    blame: 'elsewhere',
    reason: expect.stringMatching(
      /Fairlead did not make it, and has no rights in it; .*kubectl label namespace shop app.kubernetes.io\/managed-by=fairlead$/,
    ),
  });
  expect(bindings()).toEqual([]);
  const labels = { 'app.kubernetes.io/managed-by': 'fairlead' };
  on.fake.objects.set(NAMESPACE, { ...theirs, metadata: { ...theirs.metadata, labels } });
  await apply(2);
  expect(on.fake.names()).toEqual(['ConfigMap a', 'Namespace shop']);
  // Handed over, it still is not one that goes with the app.
  await on.ask({ do: 'remove', release: release(3) });
  expect(on.fake.names()).toEqual(['Namespace shop']);
});

it('goes where its owner has bound it', async () => {
  on.fake.objects.set(NAMESPACE, { kind: 'Namespace', metadata: { name: 'shop' } });
  on.fake.bound.add('shop');
  await apply(1);
  expect(on.fake.names()).toEqual(['ConfigMap a', 'Namespace shop']);
});

it('leaves a refusal that lasts as it is, and does not ask for ever', async () => {
  await apply(1);
  on.fake.rights = { lag: 1000 };
  expect(await apply(2)).toMatchObject({ state: 'failed', reason: expect.stringContaining(' cannot get ') });
  expect(on.api.requests.length).toBeLessThan(60);
});

it('removes a namespace with its rights, once and again', async () => {
  await apply(1);
  const remove = () => on.ask({ do: 'remove', release: release(2) });
  expect(await remove()).toEqual({ state: 'removed' });
  expect([...on.fake.objects]).toEqual([]);
  expect(await remove()).toEqual({ state: 'removed' });
});
