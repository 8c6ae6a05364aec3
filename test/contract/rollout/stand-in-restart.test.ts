import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { wholeOf } from '../../../lib/release/phases.ts';
import type { Release } from '../../../lib/release/types.ts';
import { observe } from '../../../lib/rollout/observe.ts';
import { applyRelease } from './apply-release.ts';
import { freshName } from './apps.ts';
import { describeOn } from './describe-on.ts';
import { standIn } from './stand-in.ts';

let interrupt: Awaited<ReturnType<typeof standIn.start>>['interrupt'];

async function start() {
  const running = await standIn.start();
  ({ interrupt } = running);
  return running;
}

// Of the stand-in alone: a node of Kubernetes takes minutes to recover when its API server has been away.
describeOn({ ...standIn, start }, 'a restart of the API server', (scene) => {
  /** The second release of an app that is live, applied. */
  const second = async (more: { env?: Record<string, string> } = {}) => {
    const name = freshName();
    await scene.live(name);
    const next = scene.release({ name, number: 2, version: 'b', patience: 90, ...more });
    await applyRelease(scene.on.cluster, next, 2);
    return next;
  };
  const observing = (next: Release, budget: number) =>
    observe(scene.on.kube, { release: next, phase: wholeOf(next), fence: 2, budget, onPod: () => {} });

  it('does not keep a rollout from being seen to its end', async () => {
    // It becomes ready while nobody can ask.
    const observed = observing(await second({ env: { READY_AFTER: '2' } }), 100_000);
    await sleep(300);
    const resume = await interrupt();
    await sleep(3000);
    await resume();
    expect(await observed).toEqual({ state: 'live' });
  });

  it('is not taken for a rollout that fails', async () => {
    const next = await second();
    const resume = await interrupt();
    await expect(observing(next, 1500)).rejects.toMatchObject({
      code: 'kube/unreachable',
      temporary: true,
    });
    await resume();
    expect(await observing(next, 100_000)).toEqual({ state: 'live' });
  });
});
