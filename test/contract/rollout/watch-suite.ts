import { expect, it } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { wholeOf } from '../../../lib/release/phases.ts';
import type { Release } from '../../../lib/release/types.ts';
import { observe } from '../../../lib/rollout/observe.ts';
import { applyRelease } from './apply-release.ts';
import { freshName } from './apps.ts';
import { flakyProxy } from './flaky-proxy.ts';
import { forgetfulProxy, type Way } from './forgetful-proxy.ts';
import type { Scene } from './scene.ts';

/** That a rollout is seen to its end whatever becomes of the way to the API server. */
export function watchSuite(scene: Scene): void {
  const { live, release } = scene;

  /** A second release, applied; its observation over another way to the API. */
  async function second(): Promise<Release> {
    const name = freshName();
    await live(name);
    const next = release({ name, number: 2, version: 'b' });
    await applyRelease(scene.on.cluster, next, 2);
    return next;
  }

  const observing = (kube: Kube, next: Release) =>
    observe(kube, { release: next, phase: wholeOf(next), fence: 2, budget: 30_000, onPod: () => {} });

  it('sees a rollout to its end over a broken network', async () => {
    const { connection } = scene.on.running;
    const proxy = await flakyProxy(connection.endpoint);
    const kube = new Kube({ ...connection, endpoint: proxy.endpoint });
    const observed = observing(kube, await second());
    // As soon as it follows everything: a quick cluster would else be done before the cut.
    await expect.poll(proxy.connections, { interval: 5 }).toBeGreaterThanOrEqual(4);
    proxy.cut();
    expect(await observed).toEqual({ state: 'live' });
    kube.close();
    await proxy.close();
  });

  it.each<Way>(['as an answer', 'as an event'])(
    'sees a rollout to its end although the API server forgets where its watches were (%s)',
    async (way) => {
      const proxy = await forgetfulProxy(scene.on.running.connection, way, 3);
      const kube = new Kube(proxy.connection);
      expect(await observing(kube, await second())).toEqual({ state: 'live' });
      expect(proxy.told()).toBeGreaterThan(0);
      kube.close();
      await proxy.close();
    },
  );
}
