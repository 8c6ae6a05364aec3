import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wholeOf } from '../../../lib/release/phases.ts';
import type { Release } from '../../../lib/release/types.ts';
import { observe } from '../../../lib/rollout/observe.ts';
import { applyRelease } from './apply-release.ts';
import { freshName } from './apps.ts';
import type { Implementation } from './implementation.ts';
import { Installation } from './installation.ts';
import { Scene } from './scene.ts';

/** That an API server which is away decides nothing. By itself, because everybody else of the cluster is without it, too. */
export function restartSuite({ name: title, missing, lacks, start }: Implementation): void {
  const name = `a restart of the API server of ${title}${missing ? ` (${missing})` : ''}`;
  describe.skipIf(missing !== undefined)(name, { timeout: 120_000 }, () => {
    const scene = new Scene(lacks);
    const { live, release } = scene;

    // Both are there before the first restart, of which a node's proxy and kubelet need their time to recover.
    const [one, other] = [freshName(), freshName()];
    beforeAll(async () => {
      scene.on = new Installation(await start());
    }, 120_000);
    afterAll(async () => {
      await scene.tidy();
      await scene.close();
    });

    const interrupt = async () => {
      const resume = await scene.on.running.interrupt?.();
      if (resume === undefined) throw new Error('this cluster has an API server that is not taken down');
      return resume;
    };
    const observing = (next: Release, budget: number) =>
      observe(scene.on.kube, { release: next, phase: wholeOf(next), fence: 2, budget, onPod: () => {} });

    it('does not keep a rollout from being seen to its end', async () => {
      await live(one);
      await live(other);
      // It becomes ready while nobody can ask.
      const next = release({ name: one, number: 2, version: 'b', env: { READY_AFTER: '2' }, patience: 90 });
      await applyRelease(scene.on.cluster, next, 2);
      const observed = observing(next, 100_000);
      await sleep(300);
      const resume = await interrupt();
      await sleep(3000);
      await resume();
      expect(await observed).toEqual({ state: 'live' });
    });

    it('is not taken for a rollout that fails', async () => {
      const next = release({ name: other, number: 2, version: 'b', patience: 90 });
      await applyRelease(scene.on.cluster, next, 2);
      const resume = await interrupt();
      await expect(observing(next, 1500)).rejects.toMatchObject({
        code: 'kube/unreachable',
        temporary: true,
      });
      await resume();
      expect(await observing(next, 100_000)).toEqual({ state: 'live' });
    });
  });
}
