import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../lib/release/types.ts';
import { object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const job = (container: object, more: object = {}) =>
  object(
    'Job',
    'migrate',
    { spec: { template: { spec: { containers: [{ name: 'web', ...container }], ...more } } } },
    'batch/v1',
  );
const fromSecret = (name: string, key: string, optional?: true) => ({
  env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name, key, ...(optional && { optional }) } } }],
});

/** What applying a release of these resources fails with; undefined where it does not. */
async function failure(...resources: KubernetesObject[]): Promise<string | undefined> {
  const answer = await on.ask({ do: 'apply', phase: 0, release: releaseWith(1, resources) });
  return answer.state === 'failed' ? answer.reason : undefined;
}

it('finds a Secret that is not there before anything is changed', async () => {
  expect(await failure(object('ConfigMap', 'a'), job(fromSecret('db', 'password')))).toBe(
    'there is no Secret shop/db with the key password, which container web, as PASSWORD needs; make it, for example: ' +
      'kubectl create namespace shop; kubectl label namespace shop app.kubernetes.io/managed-by=fairlead; ' +
      'kubectl -n shop create secret generic db --from-literal=password=…',
  );
  expect([...on.fake.objects]).toEqual([]);
});

it('finds a key that is not in its Secret, and takes it once it is', async () => {
  on.fake.objects.set('/api/v1/namespaces/shop', object('Namespace', 'shop'));
  on.fake.objects.set(
    '/api/v1/namespaces/shop/secrets/db',
    object('Secret', 'db', { data: { user: 'eA==' } }),
  );
  expect(await failure(job(fromSecret('db', 'password')))).toBe(
    'Secret shop/db has no key password, which container web, as PASSWORD needs; make it, for example: ' +
      `kubectl -n shop patch secret db -p '{"stringData":{"password":"…"}}'`,
  );
  expect(await failure(job(fromSecret('db', 'user')))).toBeUndefined();
});

it('asks for nothing that is optional, or that the release brings', async () => {
  expect(await failure(job(fromSecret('db', 'password', true)))).toBeUndefined();
  const own = object('Secret', 'db', { stringData: { password: 'x' } });
  expect(await failure(own, job(fromSecret('db', 'password')))).toBeUndefined();
  expect(await failure(own, job(fromSecret('db', 'pasword')))).toContain('has no key pasword');
});

it('leaves to an operator what it is told to make', async () => {
  const external = object(
    'ExternalSecret',
    'x',
    { spec: { target: { name: 'db' } } },
    'external-secrets.io/v1',
  );
  expect(await failure(external, job(fromSecret('db', 'password')))).toBeUndefined();
});

it('looks at volumes, whole environments and ConfigMaps, too', async () => {
  const volumes = [
    { name: 'tls', secret: { secretName: 'cert', items: [{ key: 'tls.crt', path: 'crt' }] } },
    { name: 'all', projected: { sources: [{ configMap: { name: 'settings' } }] } },
  ];
  const reason = await failure(job({ envFrom: [{ configMapRef: { name: 'env' } }] }, { volumes }));
  expect(reason).toContain('there is no ConfigMap shop/env, which container web, as its environment needs');
  expect(reason).toContain('there is no Secret shop/cert with the key tls.crt, which volume tls needs');
  expect(reason).toContain('there is no ConfigMap shop/settings, which volume all needs');
});
