import { afterEach, expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { Mirror } from '../../../lib/kube/watch.ts';
import type { LiveObject } from '../../../lib/kube/wire.ts';
import { Store } from '../../../local/kubernetes/store.ts';
import { startTestServer } from '../kubernetes-api/client.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const map = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { value },
});

it('has what there is after an API server comes back that no longer knows what has changed meanwhile', async () => {
  const store = new Store({ historySize: 100 });
  const server = await startTestServer({
    store,
    authenticate: () => ({ username: 'root', groups: ['system:masters'] }),
  });
  const { endpoint, ca } = server;
  const kube = new Kube({ endpoint, ca, token: async () => 'any' });
  const ended = new AbortController();
  const versions: string[] = [];
  const mirror = new Mirror<LiveObject>(kube, '/api/v1/namespaces/default/configmaps', {}, () => {
    versions.push(String(mirror.items.size));
  });
  const run = mirror.run(ended.signal);
  closing.push(
    () => ended.abort(),
    () => run,
    () => kube.close(),
    server.close,
  );
  store.create(map('gone', '1'));
  const names = () => [...mirror.items.values()].map(({ metadata }) => metadata?.name).sort();
  await expect.poll(names).toEqual(['gone']);
  const resume = await server.interrupt();
  store.delete('ConfigMap', 'default', 'gone');
  for (let change = 0; change < 150; change += 1) store.create(map(`new-${change}`, '1'));
  await resume();
  const there = store.list('ConfigMap').items.map(({ metadata }) => metadata.name);
  await expect.poll(names, { timeout: 10_000 }).toEqual(there.sort());
  expect(there).toHaveLength(150);
});
