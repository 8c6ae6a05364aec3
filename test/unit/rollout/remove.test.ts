import { expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { FENCE } from '../../../lib/kube/owner.ts';
import { identity } from '../../../lib/release/labels.ts';
import type { Release } from '../../../lib/release/types.ts';
import { Cluster } from '../../../lib/rollout/cluster.ts';
import { rollOut } from '../../../lib/rollout/roll-out.ts';
import { fakeApi, json, refuse } from '../kube/fake-api.ts';

const labels = identity('web', 'production');
const resource = (apiVersion: string, kind: string, namespace?: string) => ({
  apiVersion,
  kind,
  metadata: { name: 'web', labels, ...(namespace === undefined ? {} : { namespace }) },
});
const RELEASE = {
  number: 1,
  app: 'web',
  environment: 'production',
  namespace: 'web',
  resources: [resource('v1', 'Namespace'), resource('apps/v1', 'Deployment', 'web')],
} as unknown as Release;

/** What is deleted of a namespace and a Deployment that the claims of these fences wrote, by an undo of the claim 5. */
async function removed(namespace: number, deployment: number): Promise<string[]> {
  const live = (name: string, fence: number) => ({
    metadata: { name, uid: name, resourceVersion: '1', labels, annotations: { [FENCE]: String(fence) } },
  });
  const answers: Record<string, unknown> = {
    '/version': { minor: '33' },
    '/api/v1': { resources: [{ name: 'namespaces', kind: 'Namespace', namespaced: false }] },
    '/apis/apps/v1': { resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true }] },
    '/apis/policy/v1': { resources: [] },
    '/api/v1/namespaces/web': live('web', namespace),
    '/apis/apps/v1/namespaces/web/deployments/web': live('web', deployment),
  };
  const api = await fakeApi(({ path }, response) =>
    path in answers ? json(response, 200, answers[path]) : refuse(response, 404, 'NotFound'),
  );
  const kube = new Kube(api.connection);
  try {
    const subject = { delivery: 'd', app: 'web', commit: 'c' };
    const request = { do: 'undo' as const, subject, release: RELEASE, fence: 5 };
    const listener = { onApplied: () => {}, onPod: () => {} };
    expect(await rollOut(new Cluster(kube), request, listener)).toEqual({ state: 'removed' });
  } finally {
    kube.close();
    await api.close();
  }
  return api.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
}

it('removes what this claim wrote, and what one wrote that it took over from', async () => {
  const both = ['/apis/apps/v1/namespaces/web/deployments/web', '/api/v1/namespaces/web'];
  expect(await removed(5, 5)).toEqual(both);
  expect(await removed(3, 4)).toEqual(both);
});

it('leaves what a newer claim has written', async () => {
  expect(await removed(6, 6)).toEqual([]);
});
