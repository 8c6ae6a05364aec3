import { afterEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import type { KubernetesObject, Workload } from '../../../lib/release/types.ts';
import { follow, followJob, needed } from '../../../lib/rollout/follow.ts';
import { fakeApi, json } from '../kube/fake-api.ts';
import { releaseOf } from './state.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** What is asked of the API first, by path, with its selectors. */
async function askedBy(begin: (kube: Kube, signal: AbortSignal) => { synced: boolean }[]) {
  const api = await fakeApi(({ query }, response) => {
    if (!query.has('watch')) json(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
    else response.writeHead(200).flushHeaders();
  });
  const kube = new Kube(api.connection);
  const ended = new AbortController();
  closing.push(
    () => ended.abort(),
    () => kube.close(),
    api.close,
  );
  const mirrors = begin(kube, ended.signal);
  await expect.poll(() => mirrors.every(({ synced }) => synced)).toBe(true);
  await expect
    .poll(() => api.requests.filter(({ query }) => query.has('watch')).length)
    .toBeGreaterThanOrEqual(mirrors.length);
  const lists = api.requests.filter(({ query }) => !query.has('watch'));
  return Object.fromEntries(
    lists.map(({ path, query }) => {
      const selectors = [query.get('labelSelector'), query.get('fieldSelector')].filter(Boolean);
      return [`${path.split('/').at(-1)} ${selectors.join(' ')}`.trim(), true];
    }),
  );
}

const workload = (
  kind: Workload['kind'],
  name: string,
  matchLabels: Record<string, string>,
): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: { selector: { matchLabels } },
});

const following = (...resources: KubernetesObject[]) =>
  askedBy((kube, signal) => {
    const workloads = resources.map(({ kind, metadata: { name } }) => ({ kind, name }) as Workload);
    const follower = { changed: () => {}, broken: () => {}, signal };
    return needed(follow(kube, releaseOf(), { resources, workloads }, follower));
  });

it('follows one Deployment by its name and its pods by its selector', async () => {
  const asked = await following(workload('Deployment', 'web', { app: 'web', track: 'blue' }));
  expect(Object.keys(asked).sort()).toEqual([
    'deployments metadata.name=web',
    'events type=Normal,involvedObject.kind=Pod',
    'events type=Warning',
    'pods app=web,track=blue',
    'replicasets app=web,track=blue',
  ]);
});

it('follows several by what their pods have in common', async () => {
  const asked = await following(
    workload('Deployment', 'web', { app: 'shop', process: 'web' }),
    workload('Deployment', 'worker', { app: 'shop', process: 'worker' }),
  );
  expect(asked).toHaveProperty('pods app=shop');
  expect(Object.keys(asked).find((one) => one.startsWith('deployments'))).toContain(
    'app.kubernetes.io/name=web',
  );
});

it('asks for all pods where they have nothing in common, and for no ReplicaSets where there is no Deployment', async () => {
  const asked = await following(
    workload('StatefulSet', 'db', { a: 'b' }),
    workload('DaemonSet', 'logs', { c: 'd' }),
  );
  expect(Object.keys(asked).sort()).toEqual([
    'daemonsets metadata.name=logs',
    'events type=Normal,involvedObject.kind=Pod',
    'events type=Warning',
    'pods',
    'statefulsets metadata.name=db',
  ]);
});

it('follows a job by its name', async () => {
  const asked = await askedBy((kube, signal) =>
    needed(followJob(kube, releaseOf(), 'migrate', { changed: () => {}, broken: () => {}, signal })),
  );
  expect(asked).toHaveProperty('jobs metadata.name=migrate');
  expect(asked).toHaveProperty('pods job-name=migrate');
});
