import { expect, it } from 'vitest';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { KubernetesObject, Release } from '../../../lib/release/types.ts';
import { recollect } from '../../../lib/rollout/recollect.ts';
import { survey } from '../../../lib/rollout/survey.ts';
import { freshName } from './apps.ts';
import { describeOn } from './describe-on.ts';
import type { Implementation } from './implementation.ts';

const EVERYTHING = `
replicas: 2
config: { /etc/shop/settings.json: '{"currency": "EUR"}' }
secrets: { FROM_VAULT: { secretsManager: shop/database, key: url } }
scale: { min: 2, max: 4 }
ingress: { host: shop.example.com }
processes: { worker: { command: [/app], replicas: 1, env: { LISTEN: "9090" } } }
jobs: { migrate: { env: { MODE: done }, timeout: 30s } }
cron: { clean: { schedule: '@daily', env: { MODE: done } } }
`;
const VALUE = 'postgres://shop:hunter2@db/shop';
const readSecret = async () => ({ is: 'text', text: JSON.stringify({ url: VALUE }) }) as const;

/** What a cluster knows of a release, with the rights of the function that rolls out and no others. */
export function recoverSuite(implementation: Implementation): void {
  describeOn(implementation, 'recovering', (scene) => {
    /** A release that is live, with where its branch is. */
    const live = async (name: string, fence: number): Promise<Release> => {
      const secretVersions = { 'shop/database': 'v1' };
      const rendered = scene.release({ name, number: 3, version: 'a', file: EVERYTHING, secretVersions });
      const source = { host: 'github', owner: 'acme', repository: name, branch: 'main' };
      const release = { ...rendered, source };
      const { answer } = await scene.on.ask({ do: 'apply', phase: 0, release }, fence, { readSecret });
      expect(answer).toMatchObject({ state: 'live' });
      return release;
    };
    const found = async (name: string) => {
      const { environments } = await survey(scene.on.cluster);
      return environments.find(({ app }) => app === name);
    };

    it('finds what was brought out, and makes its release anew of it', async () => {
      const name = freshName();
      const release = await live(name, 7);
      const sighted = await found(name);
      expect(sighted).toMatchObject({
        app: name,
        environment: 'production',
        namespace: name,
        source: release.source,
      });
      if (sighted === undefined) return;
      const recollection = await recollect(scene.on.cluster, sighted, new Date());
      expect(recollection).toMatchObject({
        ...{ fence: 7, number: 3 },
        release: {
          commit: release.commit,
          image: release.image,
          port: release.port,
          strategy: release.strategy,
        },
      });
      // As this cluster's version takes it.
      const placed = await scene.on.cluster.place(release.resources, name);
      const applied = plain(placed.map(({ resource }) => resource));
      // With what the API has filled in of an object that was created: that is Fairlead's, too, until it is applied again.
      expect(plain(recollection.release?.resources ?? [])).toMatchObject(applied);
      expect(Object.keys(plain(recollection.release?.resources ?? []))).toEqual(Object.keys(applied));
      expect(JSON.stringify(recollection)).not.toContain(VALUE);
    });

    it.each([
      ['blue-green', 'strategy: blue-green\nbake: 30s'],
      ['canary', 'strategy: { canary: { steps: [{ percent: 50, seconds: 30 }] } }'],
    ])('takes what serves for what runs, while a newer release is beside it: %s', async (_, file) => {
      const name = freshName();
      const one = scene.release({ name, number: 1, version: 'a', file });
      expect(await scene.on.bringOut(one, 1)).toMatchObject({ state: 'live' });
      const two = scene.release({ name, number: 2, version: 'b', file, serving: one });
      expect((await scene.on.apply(two, 2, 0)).answer).toMatchObject({ state: 'live' });
      const sighted = await found(name);
      if (sighted === undefined) throw new Error('it was not found');
      const { fence, number, release } = await recollect(scene.on.cluster, sighted, new Date());
      expect({ fence, number }).toEqual({ fence: 2, number: 2 });
      expect(release?.number).toBe(1);
      const runs = (release?.resources ?? []).filter(({ kind }) => kind === 'Deployment');
      const served = one.resources.filter(({ kind }) => kind === 'Deployment');
      expect(runs.map(({ metadata }) => metadata.name)).toEqual(served.map(({ metadata }) => metadata.name));
      expect(JSON.stringify(runs)).toContain('"value":"a"');
      // A canary that is gone back to is brought back as a whole.
      expect(release?.strategy).toEqual(one.strategy.kind === 'canary' ? { kind: 'rolling' } : one.strategy);
    });

    it('brings a release back that was made anew as what it was: pods that run it are left alone', async () => {
      const name = freshName();
      await live(name, 7);
      const pods = async () => {
        const names = '-o=jsonpath={.items[*].metadata.name}';
        const all = await scene.on.kubectl('-n', name, 'get', 'pods', names);
        // That of the job, which has ended, goes with it.
        return all
          .split(' ')
          .filter((pod) => !pod.includes('-migrate-'))
          .sort();
      };
      const before = await pods();
      const sighted = await found(name);
      if (sighted === undefined) throw new Error('it was not found');
      const { release } = await recollect(scene.on.cluster, sighted, new Date());
      if (release === undefined) throw new Error('nothing runs there');
      const back = rollbackTo(release, 4, new Date());
      const { answer } = await scene.on.ask({ do: 'undo', release, back }, 108, { readSecret });
      expect(answer).toMatchObject({ state: 'live' });
      expect(await pods()).toEqual(before);
    });
  });
}

/** In one order, without namespaces, which are nobody's content, and without what the API fills in of empty values. */
function plain(resources: readonly KubernetesObject[]): Record<string, unknown> {
  const kept = resources.filter(({ kind }) => kind !== 'Namespace');
  const keyed = kept.map((one) => [`${one.kind} ${one.metadata.name}`, withoutEmpty(one)] as const);
  return Object.fromEntries(keyed.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
    .filter(([, inner]) => !isEmpty(inner));
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
