import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { wholeOf } from '../../../lib/release/phases.ts';
import { Cluster } from '../../../lib/rollout/cluster.ts';
import { observe } from '../../../lib/rollout/observe.ts';
import { applyRelease } from './apply-release.ts';
import { freshName } from './apps.ts';
import { describeOn } from './describe-on.ts';
import type { Implementation } from './implementation.ts';
import { ask, underLoad } from './load.ts';
import { watchSuite } from './watch-suite.ts';

/** What rolling out does on every cluster, whatever is rolled out. */
export function rolloutSuite(implementation: Implementation): void {
  describeOn(implementation, 'rolling out', (scene) => {
    const { live, release, lacks } = scene;

    watchSuite(scene);

    it('makes a first release live, and says where', async () => {
      const name = freshName();
      const { answer, pods, ms } = await scene.on.apply(release({ name, number: 1, version: 'a' }), 1);
      expect(answer).toMatchObject({ state: 'live', internalName: `${name}.${name}.svc.cluster.local` });
      // A node's proxy learns of a new Service a moment after the API does.
      await expect.poll(() => ask((answer as { url: string }).url).catch(() => '')).toBe('a');
      expect(
        pods.filter(({ state }) => state === 'ready').map(({ message }) => message.split(' is ')[1]),
      ).toEqual([expect.stringMatching(/^ready, [12] of 2$/), 'ready, 2 of 2']);
      expect(ms).toBeLessThan(20_000);
    });

    it('changes nothing when the same release is applied again', async () => {
      const name = freshName();
      const first = release({ name, number: 1, version: 'a' });
      await scene.on.apply(first, 1);
      const before = await scene.on.read(name, 'pods', '', '{.items[*].metadata.uid}');
      const { answer } = await scene.on.apply(first, 1);
      expect(answer).toMatchObject({ state: 'live' });
      expect(await scene.on.read(name, 'pods', '', '{.items[*].metadata.uid}')).toBe(before);
    });

    it('updates without failing a request, and takes away what the new release no longer says', async () => {
      const name = freshName();
      const url = await live(name, { env: { OLD: '1' } });
      const load = underLoad(url);
      const { answer } = await scene.on.apply(release({ name, number: 2, version: 'b' }), 2);
      await sleep(1500);
      const answers = await load.stop();
      expect(answer).toMatchObject({ state: 'live' });
      expect([...answers.keys()].sort()).toEqual(['a', 'b']);
      expect(await ask(url)).toBe('b');
      const names = await scene.on.read(
        name,
        'deployment',
        name,
        '{.spec.template.spec.containers[0].env[*].name}',
      );
      expect(names.split(' ').sort()).toEqual(['MODE', 'PORT', 'VERSION']);
    });

    it('fails early for an image that is not there, while the old one serves', async () => {
      const name = freshName();
      const url = await live(name);
      const image = scene.on.running.image.replace(/@.*/, `@sha256:${'0'.repeat(64)}`);
      const { answer, pods, ms } = await scene.on.apply(release({ name, number: 2, version: 'b', image }), 2);
      expect(answer).toMatchObject({ state: 'failed' });
      expect((answer as { reason: string }).reason).toContain(
        `image ${image} cannot be pulled: its registry does not have it`,
      );
      expect(ms).toBeLessThan(8000);
      expect(pods.some(({ state }) => state === 'failing')).toBe(true);
      expect(await ask(url)).toBe('a');
    });

    it.each([
      { mode: 'panic', reason: /^container \w+ exits with code 2 right after its start: panic: boom$/ },
      {
        mode: 'exit',
        reason: /^container \w+ exits with code 1 right after its start: .*cannot read config\.json$/,
      },
    ])('tells what a program that ends at its start ($mode) said', async ({ mode, reason }) => {
      const name = freshName();
      const url = await live(name);
      const { answer, ms } = await scene.on.apply(release({ name, number: 2, version: 'b', mode }), 2);
      expect(answer).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
      expect((answer as { details: string }).details).toContain('log of');
      expect(ms).toBeLessThan(8000);
      expect(await ask(url)).toBe('a');
    });

    it('names a program that is not in the image', async () => {
      const name = freshName();
      const { answer } = await scene.on.apply(
        release({ name, number: 1, version: 'a', file: 'command: [/nope]' }),
        1,
      );
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(
          /^container \w+ cannot be started: .*\/nope.* no such file or directory/,
        ),
      });
    });

    it('gives a port that nobody listens on its patience, then says so', async () => {
      const name = freshName();
      const wanted = { name, number: 1, version: 'a', env: { LISTEN: '9999' }, patience: 8 };
      const { answer, ms } = await scene.on.apply(release(wanted), 1);
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(
          /^nothing listens on port 8080 of container \w+ \(connection refused\).*its log ends: .*listening on :9999/,
        ),
      });
      expect(ms).toBeGreaterThan(7000);
      expect(ms).toBeLessThan(16_000);
    });

    it('names what the health check answers', async () => {
      const name = freshName();
      const { answer } = await scene.on.apply(
        release({ name, number: 1, version: 'a', mode: 'unready', patience: 8 }),
        1,
      );
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringContaining('GET /readyz on port 8080 answers 503'),
      });
    });

    it('fails early for a quota', async () => {
      const name = freshName();
      const url = await live(name);
      await scene.on.kubectl('-n', name, 'create', 'quota', 'two', '--hard=pods=2');
      const { answer, ms } = await scene.on.apply(release({ name, number: 2, version: 'b' }), 2);
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(/^the cluster refuses to create pods: exceeded quota: two, /),
      });
      expect(ms).toBeLessThan(8000);
      expect(await ask(url)).toBe('a');
    });

    it('stops before anything changed when a resource is refused', async () => {
      const name = freshName();
      await live(name);
      const bad = release({ name, number: 2, version: 'b' });
      const deployment = bad.resources.find(({ kind }) => kind === 'Deployment');
      Object.assign(deployment?.spec as object, { progressDeadlineSeconds: -1 });
      const { answer } = await scene.on.apply(bad, 2);
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringContaining('progressDeadlineSeconds'),
      });
      const annotation = '{.metadata.annotations.fairlead\\.dev/release}';
      expect(await scene.on.read(name, 'service', name, annotation)).toBe('1');
    });

    it('goes back to the last good release', async () => {
      const name = freshName();
      const url = await live(name);
      const bad = release({ name, number: 2, version: 'b', mode: 'panic' });
      await scene.on.apply(bad, 2);
      const back = release({ name, number: 3, version: 'a' });
      const { answer, ms } = await scene.on.ask({ do: 'undo', release: bad, back }, 2);
      expect(answer).toMatchObject({ state: 'live', url });
      expect(ms).toBeLessThan(5000);
      expect(await ask(url)).toBe('a');
    });

    it('leaves nothing behind of a first release that failed, and starts again in its place', async () => {
      const name = freshName();
      const bad = release({ name, number: 1, version: 'a', mode: 'panic' });
      await scene.on.apply(bad, 1);
      const { answer } = await scene.on.ask({ do: 'undo', release: bad }, 1);
      expect(answer).toEqual({ state: 'removed' });
      const again = await scene.on.apply(release({ name, number: 2, version: 'b' }), 2);
      expect(again.answer).toMatchObject({ state: 'live' });
      await scene.on.ask({ do: 'undo', release: release({ name, number: 2, version: 'b' }) }, 2);
      await expect
        .poll(() => scene.on.kubectl('get', 'namespaces', '-o', 'name'), { timeout: 180_000 })
        .not.toContain(name);
    });

    it('keeps a namespace that was there before', async () => {
      const name = freshName();
      await scene.on.handOver(name);
      const bad = release({ name, number: 1, version: 'a', mode: 'panic' });
      await scene.on.apply(bad, 1);
      await scene.on.ask({ do: 'undo', release: bad }, 1);
      expect(
        await scene.on.kubectl('-n', name, 'get', 'deployments,services,serviceaccounts', '-o', 'name'),
      ).toBe('serviceaccount/default\n');
      await scene.on.kubectl('get', 'namespace', name);
    });

    it('refuses an older claim, before and during a rollout', async () => {
      const name = freshName();
      await live(name);
      await scene.on.apply(release({ name, number: 2, version: 'b' }), 7);
      const older = release({ name, number: 3, version: 'c' });
      expect((await scene.on.apply(older, 6)).answer).toEqual({ state: 'superseded', by: 7 });
      expect((await scene.on.ask({ do: 'observe', phase: 0, release: older }, 6)).answer).toEqual({
        state: 'superseded',
        by: 7,
      });
      const slow = release({ name, number: 4, version: 'd', mode: 'unready' });
      const observed = scene.on.apply(slow, 8);
      await sleep(1000);
      await scene.on.apply(release({ name, number: 5, version: 'e' }), 9);
      expect((await observed).answer).toEqual({ state: 'superseded', by: 9 });
      expect(
        await scene.on.read(name, 'deployment', name, '{.metadata.annotations.fairlead\\.dev/fence}'),
      ).toBe('9');
    });

    it.each(['a first release', 'an update'])(
      'lets no claim that stalled before its write overtake a newer one (%s)',
      async (what) => {
        const name = freshName();
        scene.on.namespaces.add(name);
        await scene.on.handOver(name);
        if (what === 'an update') await live(name);
        const stalled = new StalledKube(scene.on.running.connection);
        const old = applyRelease(
          new Cluster(stalled, scene.on.running.deployers),
          release({ name, number: 2, version: 'b' }),
          2,
        );
        await stalled.reached;
        const newer = await applyRelease(scene.on.cluster, release({ name, number: 3, version: 'c' }), 3);
        stalled.release();
        expect(newer).toMatchObject({ outcome: 'applied' });
        expect(await old).toEqual({ outcome: 'superseded', by: 3 });
        stalled.close();
        for (const kind of ['serviceaccount', 'service', 'poddisruptionbudget', 'deployment'])
          expect(
            await scene.on.read(name, kind, name, '{.metadata.annotations.fairlead\\.dev/release}'),
          ).toBe('3');
      },
    );

    it.skipIf(lacks.includes('owners of scaling'))(
      'leaves the number of pods to whoever has scaled them',
      async () => {
        const name = freshName();
        await live(name);
        await scene.on.kubectl('-n', name, 'scale', 'deployment', name, '--replicas=3');
        const { answer } = await scene.on.apply(release({ name, number: 2, version: 'b' }), 2);
        expect(answer).toMatchObject({ state: 'live' });
        expect(await scene.on.read(name, 'deployment', name, '{.spec.replicas}')).toBe('3');
        expect(await scene.on.read(name, 'deployment', name, '{.status.updatedReplicas}')).toBe('3');
      },
    );

    it('explains a field that somebody else has set', async () => {
      const name = freshName();
      await live(name);
      await scene.on.kubectl(
        '-n',
        name,
        'patch',
        'deployment',
        name,
        '--type=merge',
        '-p',
        '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":20}}}}',
      );
      const { answer } = await scene.on.apply(release({ name, number: 2, version: 'b' }), 2);
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(
          new RegExp(
            `^\\.spec\\.template\\.spec\\.terminationGracePeriodSeconds of Deployment ${name}/${name} was set by kubectl\\S* at 20\\d\\d-`,
          ),
        ),
      });
      expect(
        await scene.on.read(name, 'service', name, '{.metadata.annotations.fairlead\\.dev/release}'),
      ).toBe('1');
      // The same value on both sides ends the dispute, for good.
      const file = 'terminationGracePeriod: 15\nreplicas: 1';
      const agreed = await scene.on.apply(release({ name, number: 2, version: 'b', file }), 2);
      expect(agreed.answer).toMatchObject({ state: 'live' });
      // One pod has no budget to keep: what the release no longer holds is gone.
      expect(await scene.on.kubectl('-n', name, 'get', 'poddisruptionbudgets', '-o', 'name')).toBe('');
      expect((await scene.on.apply(release({ name, number: 3, version: 'c' }), 3)).answer).toMatchObject({
        state: 'live',
      });
      expect(await scene.on.read(name, 'deployment', name, '{.spec.replicas}')).toBe('2');
    });

    it('does not touch what is not its own', async () => {
      const name = freshName();
      scene.on.namespaces.add(name);
      await scene.on.handOver(name);
      await scene.on.kubectl('-n', name, 'create', 'service', 'clusterip', name, '--tcp=80:80');
      const { answer } = await scene.on.apply(release({ name, number: 1, version: 'a' }), 1);
      expect(answer).toMatchObject({
        state: 'failed',
        reason: expect.stringContaining(
          `Service ${name}/${name} exists already, and Fairlead did not make it`,
        ),
      });
      expect(await scene.on.kubectl('-n', name, 'get', 'deployments', '-o', 'name')).toBe('');
    });

    it('says when its time is up before there is a verdict, and stops for a newer claim that waits', async () => {
      const name = freshName();
      const slow = release({ name, number: 1, version: 'a', mode: 'unready' });
      scene.on.namespaces.add(name);
      await applyRelease(scene.on.cluster, slow, 1);
      const observation = { release: slow, phase: wholeOf(slow), fence: 1, budget: 500, onPod: () => {} };
      expect(await observe(scene.on.kube, observation)).toEqual({
        state: 'progressing',
        ready: 0,
        wanted: 2,
      });
      const newer = { ...observation, budget: 20_000, newestFence: async () => 2 };
      expect(await observe(scene.on.kube, newer)).toEqual({ state: 'superseded', by: 2 });
    });

    it('says that a Deployment was deleted under its hands', async () => {
      const name = freshName();
      await live(name);
      const observed = scene.on.apply(release({ name, number: 2, version: 'b', mode: 'unready' }), 2);
      await sleep(1500);
      await scene.on.kubectl('-n', name, 'delete', 'deployment', name);
      expect((await observed).answer).toMatchObject({
        state: 'failed',
        reason: expect.stringContaining('was deleted'),
      });
    });
  });
}

/** Stops before its first real write, as a function does that is frozen there. */
class StalledKube extends Kube {
  readonly #reached = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  release(): void {
    this.#released.resolve();
  }

  override async send<T>(
    method: string,
    path: string,
    options: Parameters<Kube['send']>[2] = {},
  ): Promise<T> {
    const isWrite = method !== 'GET' && options.query?.dryRun === undefined;
    if (isWrite) {
      this.#reached.resolve();
      await this.#released.promise;
    }
    return super.send(method, path, options);
  }
}
