import { afterEach, beforeEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { identity, PROCESS } from '../../../lib/release/labels.ts';
import { restartsSince } from '../../../lib/rollout/restarts.ts';
import { fakeApi, json } from '../kube/fake-api.ts';
import { object, releaseWith } from './fake-cluster.ts';

const SINCE = new Date('2026-11-01T10:00:00Z');
const OWN = { 'app.kubernetes.io/name': 'chart', 'app.kubernetes.io/instance': 'rel' };

function crashed(name: string, labels: Record<string, string>) {
  const end = { exitCode: 1, reason: 'Error', finishedAt: '2026-11-01T10:00:05Z' };
  return {
    metadata: { name, labels: { [PROCESS]: 'web', ...labels }, creationTimestamp: '2026-11-01T10:00:01Z' },
    spec: { restartPolicy: 'Always' },
    status: { containerStatuses: [{ name: 'main', restartCount: 1, lastState: { terminated: end } }] },
  };
}

let api: Awaited<ReturnType<typeof fakeApi>>;
beforeEach(async () => {
  api = await fakeApi(({ path }, response) => {
    if (path.endsWith('/log')) return response.end('panic\n');
    const items = [
      crashed('by-identity', identity('web', 'production')),
      crashed('by-its-own-labels', OWN),
      crashed('of-another-app', { ...OWN, 'app.kubernetes.io/instance': 'other' }),
    ];
    return json(response, 200, { items });
  });
});
afterEach(() => api.close());

it('counts pods of the app, by its identity or by the selectors of its own manifests, and no others', async () => {
  const own = object('Deployment', 'chart', { spec: { selector: { matchLabels: OWN } } }, 'apps/v1');
  const release = releaseWith(1, [own]);
  const kube = new Kube({ ...api.connection, token: async () => 't' });
  const found = await restartsSince(kube, release, SINCE).finally(() => kube.close());
  expect(found.map(({ pod, count }) => [pod, count])).toEqual([
    ['by-identity', 1],
    ['by-its-own-labels', 1],
  ]);
  expect(api.requests[0]?.query.get('labelSelector')).toBe(PROCESS);
});
