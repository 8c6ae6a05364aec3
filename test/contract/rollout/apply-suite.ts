import { expect, it } from 'vitest';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { RolloutAnswer } from '../../../lib/rollout/request.ts';
import { freshName } from './apps.ts';
import { describeOn } from './describe-on.ts';
import type { Implementation } from './implementation.ts';
import { ask } from './load.ts';

/** An app that has one of everything. */
const EVERYTHING = `
replicas: 2
config: { /etc/shop/settings.json: '{"currency": "EUR"}' }
secrets:
  FROM_VAULT: { secretsManager: shop/database, key: url }
  FROM_CLUSTER: { kubernetes: own, key: password }
scale: { min: 2, max: 4 }
ingress: { host: shop.example.com }
processes: { worker: { command: [/app], replicas: 1, env: { LISTEN: "9090" } } }
jobs: { migrate: { env: { MODE: done }, timeout: 30s } }
cron: { clean: { schedule: '@daily', env: { MODE: done } } }
`;

const VALUE = 'postgres://shop:hunter2@db/shop';
const readSecret = async (_: string, versionId?: string) =>
  versionId === 'v1' || versionId === undefined
    ? ({ is: 'text', text: JSON.stringify({ url: VALUE }) } as const)
    : ({ is: 'gone' } as const);

/** What applying a release does on every cluster, with the rights of the function that rolls out and no others. */
export function applySuite(implementation: Implementation): void {
  describeOn(implementation, 'applying', (scene) => {
    const secretVersions = { 'shop/database': 'v1' };

    /** `KIND/NAME` of everything in a namespace that carries Fairlead's labels. */
    const owned = async (namespace: string) => {
      const kinds =
        'deployment,service,configmap,secret,serviceaccount,job,cronjob,ingress,hpa,pdb,resourcequota,limitrange';
      const label = 'app.kubernetes.io/managed-by=fairlead';
      const text = await scene.on.kubectl('-n', namespace, 'get', kinds, '-l', label, '-o', 'name');
      const lines = text.split('\n').filter((line) => line !== '');
      // The last part tells content from content.
      return lines.map((line) => line.replace(/\..*\//, '/').replace(/-[0-9a-f]{8,}$/, '')).sort();
    };

    /** An app with one of everything, live. */
    const withEverything = async (name: string) => {
      const { on, release } = scene;
      on.namespaces.add(name);
      await on.handOver(name);
      await on.kubectl('-n', name, 'create', 'secret', 'generic', 'own', '--from-literal=password=x');
      const first = release({ name, number: 1, version: 'a', file: EVERYTHING, secretVersions });
      const { answer } = await on.ask({ do: 'apply', phase: 0, release: first }, 1, { readSecret });
      return { first, answer };
    };

    it('makes one of everything, and takes away what the next release no longer contains', async () => {
      const { on, release } = scene;
      const name = freshName();
      const { first, answer } = await withEverything(name);
      expect(answer).toMatchObject({ state: 'live', url: 'http://shop.example.com' });
      expect(await owned(name)).toEqual(
        [
          `configmap/${name}-config`,
          `configmap/fairlead-inventory-${name}`,
          `cronjob/${name}-clean`,
          `deployment/${name}`,
          `deployment/${name}-worker`,
          `horizontalpodautoscaler/${name}`,
          `ingress/${name}`,
          `job/${name}-migrate-1`,
          `poddisruptionbudget/${name}`,
          `secret/${name}-secrets`,
          `service/${name}`,
          `serviceaccount/${name}`,
        ].sort(),
      );
      const secret = first.resources.find(({ kind }) => kind === 'Secret')?.metadata.name ?? '';
      const vaultOf = async (of: string) =>
        Buffer.from(await on.read(name, 'secret', of, '{.data.FROM_VAULT}'), 'base64').toString();
      expect(await vaultOf(secret)).toBe(VALUE);
      expect(JSON.stringify([answer, first])).not.toMatch(/hunter2|aHVudGVyMg/);
      // Somebody else's of the same kinds, with names that the inventory could have.
      await on.kubectl('-n', name, 'create', 'configmap', `${name}-config-other`);
      const second = release({ name, number: 2, version: 'b', file: 'replicas: 1' });
      const plain = await on.apply(second, 2);
      expect(plain.answer).toMatchObject({ state: 'live' });
      const { applied } = plain.answer as Extract<RolloutAnswer, { state: 'live' }>;
      const removed = (applied?.changes ?? []).filter(({ is }) => is === 'removed');
      expect(removed.map(({ object }) => object.split(' ')[0]).sort()).toEqual([
        'ConfigMap',
        'CronJob',
        'Deployment',
        'HorizontalPodAutoscaler',
        'Ingress',
        'Job',
        'PodDisruptionBudget',
        'Secret',
      ]);
      expect(await owned(name)).toEqual([
        `configmap/fairlead-inventory-${name}`,
        `deployment/${name}`,
        `service/${name}`,
        `serviceaccount/${name}`,
      ]);
      await on.kubectl('-n', name, 'get', 'configmap', `${name}-config-other`);
      await on.kubectl('-n', name, 'get', 'secret', 'own');
      // And back, with everything that it had.
      const back = rollbackTo(first, 3, new Date());
      let { answer: undone } = await on.ask({ do: 'undo', release: second, back }, 3, { readSecret });
      while (undone.state === 'progressing')
        ({ answer: undone } = await on.ask({ do: 'observe', phase: 'back', release: back }, 3, {
          readSecret,
        }));
      expect(undone).toMatchObject({ state: 'live', url: 'http://shop.example.com' });
      expect(await vaultOf(secret)).toBe(VALUE);
      const config = first.resources.find(({ kind }) => kind === 'ConfigMap')?.metadata.name ?? '';
      expect(await on.read(name, 'configmap', config, '{.data}')).toContain('{\\"currency\\": \\"EUR\\"}');
      const references = await on.read(name, 'deployment', name, '{.spec.template.spec}');
      for (const referred of [config, secret]) expect(references).toContain(`"${referred}"`);
    });

    it('tells what a release changes, field by field, and nothing else', async () => {
      const { on, release } = scene;
      const name = freshName();
      await scene.live(name);
      const file = 'terminationGracePeriod: 40';
      const { answer } = await on.apply(release({ name, number: 2, version: 'b', file }), 2);
      const { applied } = answer as Extract<RolloutAnswer, { state: 'live' }>;
      expect(applied?.changes).toEqual([
        {
          object: `Deployment ${name}`,
          is: 'changed',
          fields: expect.arrayContaining([
            `.spec.template.spec.containers[${name}].env[VERSION].value: "a" -> "b"`,
            expect.stringMatching(/^\.spec\.template\.spec\.terminationGracePeriodSeconds: \d+ -> \d+$/),
          ]),
        },
      ]);
      expect(applied?.changes[0]?.fields).toHaveLength(2);
    });

    it('finds a Secret that is not there, and a key that is not in it, before anything is changed', async () => {
      const { on, release } = scene;
      const name = freshName();
      const url = await scene.live(name);
      const wanting = (number: number) =>
        release({
          name,
          number,
          version: 'b',
          file: 'secrets: { PASSWORD: { kubernetes: own, key: password } }',
        });
      expect((await on.apply(wanting(2), 2)).answer).toMatchObject({
        state: 'failed',
        blame: 'elsewhere',
        reason: expect.stringMatching(
          /^there is no Secret \S+\/own with the key password, .*kubectl -n \S+ create secret generic own --from-literal=password=…$/,
        ),
      });
      await on.kubectl('-n', name, 'create', 'secret', 'generic', 'own', '--from-literal=user=x');
      expect((await on.apply(wanting(3), 3)).answer).toMatchObject({
        reason: expect.stringContaining('own has no key password'),
      });
      expect(await on.read(name, 'deployment', name, '{.metadata.annotations.fairlead\\.dev/release}')).toBe(
        '1',
      );
      expect(await ask(url)).toBe('a');
      await on.kubectl('-n', name, 'patch', 'secret', 'own', '-p', '{"stringData":{"password":"x"}}');
      expect((await on.apply(wanting(4), 4)).answer).toMatchObject({ state: 'live' });
    });

    it('changes nothing that serves when a migration fails, and says what it said', async () => {
      const { on, release } = scene;
      const name = freshName();
      const url = await scene.live(name);
      const file = 'jobs: { migrate: { env: { MODE: exit } } }';
      const bad = release({ name, number: 2, version: 'b', file });
      const { answer } = await on.apply(bad, 2);
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(/^job \S+ has failed.*cannot read config\.json/),
      });
      for (const kind of ['deployment', 'service', 'serviceaccount'])
        expect(await on.read(name, kind, name, '{.metadata.annotations.fairlead\\.dev/release}')).toMatch(
          kind === 'serviceaccount' ? /^[12]$/ : /^1$/,
        );
      expect(await ask(url)).toBe('a');
      const back = release({ name, number: 3, version: 'a' });
      expect((await on.ask({ do: 'undo', release: bad, back }, 2)).answer).toMatchObject({ state: 'live' });
      expect(await on.kubectl('-n', name, 'get', 'jobs', '-o', 'name')).toBe('');
    });

    it('leaves the number of pods to the autoscaler, and takes it back without one', async () => {
      const { on, release } = scene;
      const name = freshName();
      await scene.live(name, { file: 'replicas: 1' });
      const replicas = () => on.read(name, 'deployment', name, '{.spec.replicas}');
      const scaled = (number: number, version: string) =>
        release({ name, number, version, file: 'scale: { min: 1, max: 4 }' });
      expect((await on.apply(scaled(2, 'b'), 2)).answer).toMatchObject({ state: 'live' });
      // As the autoscaler does, by the subresource.
      await on.kubectl('-n', name, 'scale', 'deployment', name, '--replicas=3');
      expect((await on.apply(scaled(3, 'c'), 3)).answer).toMatchObject({ state: 'live' });
      expect(Number(await replicas())).toBeGreaterThanOrEqual(3);
    });

    it('has as many pods as it says once it has no autoscaler any more', async () => {
      const { on, release } = scene;
      const name = freshName();
      await scene.live(name, { file: 'scale: { min: 1, max: 4 }' });
      const patch = ['patch', 'deployment', name, '--subresource=scale', '--type=merge'];
      const scale = JSON.stringify({ spec: { replicas: 3 } });
      await on.kubectl('-n', name, ...patch, '-p', scale, '--field-manager=kube-controller-manager');
      const plain = release({ name, number: 2, version: 'b', file: 'replicas: 1' });
      expect((await on.apply(plain, 2)).answer).toMatchObject({ state: 'live' });
      expect(await on.read(name, 'deployment', name, '{.spec.replicas}')).toBe('1');
      // What a person has set stays.
      const autoscaled = release({ name, number: 3, version: 'c', file: 'scale: { min: 1, max: 4 }' });
      expect((await on.apply(autoscaled, 3)).answer).toMatchObject({ state: 'live' });
      await on.kubectl('-n', name, ...patch, '-p', scale, '--field-manager=kubectl');
      expect(
        (await on.apply(release({ name, number: 4, version: 'd', file: 'replicas: 1' }), 4)).answer.state,
      ).toBe('live');
      const wanted = scene.lacks.includes('owners of scaling') ? '1' : '3';
      expect(await on.read(name, 'deployment', name, '{.spec.replicas}')).toBe(wanted);
    });

    it('goes on, and back, though somebody has edited what is remembered', async () => {
      const { on, release } = scene;
      const name = freshName();
      await scene.live(name);
      const data = JSON.stringify({ data: { objects: 'v1 ConfigMap\nnonsense' } });
      const edit = () => on.kubectl('-n', name, 'patch', 'cm', `fairlead-inventory-${name}`, '-p', data);
      await edit();
      const file = 'config: { /etc/a.txt: a }';
      expect((await on.apply(release({ name, number: 2, version: 'b', file }), 2)).answer).toMatchObject({
        state: 'live',
      });
      await edit();
      const [bad, back] = [
        release({ name, number: 3, version: 'c' }),
        release({ name, number: 4, version: 'b', file }),
      ];
      expect((await on.ask({ do: 'undo', release: bad, back }, 4)).answer).toMatchObject({ state: 'live' });
    });

    it('speaks of what a person has set, and not of its own notes, after a kubectl rollout undo', async () => {
      const { on, release } = scene;
      const name = freshName();
      await scene.live(name);
      expect((await on.apply(release({ name, number: 2, version: 'b' }), 2)).answer).toMatchObject({
        state: 'live',
      });
      await on.kubectl('-n', name, 'rollout', 'undo', 'deployment', name);
      const { answer } = await on.apply(release({ name, number: 3, version: 'c' }), 3);
      expect(answer).toMatchObject({ state: 'failed', blame: 'elsewhere' });
      const { reason } = answer as Extract<RolloutAnswer, { state: 'failed' }>;
      expect(reason).toMatch(/ was set by kubectl/);
      expect(reason).not.toMatch(/fairlead\.dev/);
    });

    it('names a kind that the cluster does not have', async () => {
      const { on, release } = scene;
      const name = freshName();
      const odd = release({ name, number: 1, version: 'a' });
      odd.resources.push({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name } });
      expect((await on.apply(odd, 1)).answer).toMatchObject({
        state: 'failed',
        blame: 'elsewhere',
        reason: expect.stringContaining('the cluster does not know the kind Widget of example.com/v1'),
      });
      await expect(on.kubectl('-n', name, 'get', 'deployment', name)).rejects.toThrow();
    });

    /** Release 2 of a live app with one resource more that it may not have; answers what it is told. */
    const refusalOf = async (more: { apiVersion: string; kind: string; rules: unknown[] }) => {
      const { on, release } = scene;
      const name = freshName();
      const url = await scene.live(name);
      const second = release({ name, number: 2, version: 'b' });
      const { labels = {} } = second.resources[0]?.metadata ?? {};
      second.resources.push({ ...more, metadata: { name, labels } });
      const { answer } = await on.apply(second, 2);
      expect(answer).toMatchObject({ state: 'failed', blame: 'elsewhere' });
      expect(await ask(url)).toBe('a');
      expect(await on.read(name, 'service', name, '{.metadata.annotations.fairlead\\.dev/release}')).toBe(
        '1',
      );
      return (answer as Extract<RolloutAnswer, { state: 'failed' }>).reason;
    };
    const rules = [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] }];
    const apiVersion = 'rbac.authorization.k8s.io/v1';

    it('says which right it lacks, and changes nothing', async () => {
      expect(await refusalOf({ apiVersion, kind: 'ClusterRole', rules })).toMatch(
        / cannot get resource "clusterroles" .*the group that the access entry names lacks this right/,
      );
    });

    it('cannot give rights that it has not', async () => {
      expect(await refusalOf({ apiVersion, kind: 'Role', rules })).toContain(
        'attempting to grant RBAC permissions not currently held',
      );
    });

    it('removes an environment as a whole, and what was in the namespace before stays', async () => {
      const { on } = scene;
      const name = freshName();
      const { first } = await withEverything(name);
      expect((await on.ask({ do: 'remove', release: first }, 2)).answer).toEqual({ state: 'removed' });
      await expect.poll(() => owned(name)).toEqual([]);
      await on.kubectl('-n', name, 'get', 'secret', 'own');
    });

    it('removes the namespace that it made', async () => {
      const { on, release } = scene;
      const name = freshName();
      await scene.live(name);
      await on.ask({ do: 'remove', release: release({ name, number: 2, version: 'b' }) }, 2);
      await expect
        .poll(() => on.kubectl('get', 'namespaces', '-o', 'name'), { timeout: 180_000 })
        .not.toContain(name);
    });
  });
}
