import { afterEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { Cluster, type Placed } from '../../../lib/rollout/cluster.ts';
import { quotasTakenUp } from '../../../lib/rollout/quota.ts';
import { fakeApi, json, refuse } from '../kube/fake-api.ts';

const PATH = '/api/v1/namespaces/web/resourcequotas/fairlead';
const NEW = { hard: { pods: '4' } };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The cluster whose quota is what `states` says, one after the other, the last for good; none once they are out. */
async function clusterWith(...states: (object | undefined)[]) {
  const asked: number[] = [];
  const api = await fakeApi((_, response) => {
    const state = states[Math.min(asked.push(Date.now()), states.length) - 1];
    if (state === undefined) refuse(response, 404, 'NotFound');
    else json(response, 200, state);
  });
  const kube = new Kube(api.connection);
  closing.push(() => kube.close(), api.close);
  return { cluster: new Cluster(kube), asked };
}

function written(kind: string): Placed {
  const resource = { apiVersion: 'v1', kind, metadata: { name: 'fairlead', namespace: 'web' } };
  return { resource, path: { object: PATH, collection: PATH.replace('/fairlead', '') } };
}

it('waits until the controller has noted the quota, and the API servers have heard of it', async () => {
  const { cluster, asked } = await clusterWith(
    { spec: NEW },
    { spec: NEW, status: { hard: { pods: '1' } } },
    { spec: NEW, status: NEW },
  );
  await quotasTakenUp(cluster, [written('ConfigMap'), written('ResourceQuota')]);
  expect(asked).toHaveLength(3);
  expect(Date.now() - (asked[2] ?? 0)).toBeGreaterThanOrEqual(290);
});

it('waits for no quota that is gone, and asks nothing where none was written', async () => {
  const { cluster, asked } = await clusterWith({ spec: NEW }, undefined);
  await quotasTakenUp(cluster, [written('ConfigMap')]);
  expect(asked).toHaveLength(0);
  await quotasTakenUp(cluster, [written('ResourceQuota')]);
  expect(asked).toHaveLength(2);
});

it('goes on without it where no controller counts', { timeout: 10_000 }, async () => {
  const { cluster, asked } = await clusterWith({ spec: NEW });
  await quotasTakenUp(cluster, [written('ResourceQuota')]);
  expect(asked.length).toBeGreaterThan(10);
});
