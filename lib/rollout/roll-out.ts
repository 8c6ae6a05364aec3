import type { Contested } from '../kube/conflict.ts';
import type { Release } from '../release/types.ts';
import { internalName } from './address.ts';
import { applyRelease } from './apply.ts';
import type { Cluster } from './cluster.ts';
import { observe } from './observe.ts';
import type { PodChange } from './pods.ts';
import { reach } from './reach.ts';
import { removeRelease } from './remove.ts';
import type { RolloutAnswer, RolloutRequest } from './request.ts';

/** Who hears how a rollout goes on, and knows of newer ones. */
export interface Listener {
  /** `left`: fields that stay as somebody else has set them. */
  onApplied(release: Release, left: readonly Contested[]): void;
  onPod(change: PodChange): void;
  /** The fence of the newest claim on the release's environment. */
  newestFence?(): Promise<number | undefined>;
}

/** Milliseconds that one call observes for, and that it then waits for a load balancer's address. */
const BUDGET = 50_000;
const ADDRESS_BUDGET = 20_000;

/**
 * Does what `request` asks for, within two minutes.
 * @throws FairleadError where the cluster cannot be asked; worth another try
 */
export async function rollOut(
  cluster: Cluster,
  request: RolloutRequest,
  listener: Listener,
): Promise<RolloutAnswer> {
  const { release, fence } = request;
  switch (request.do) {
    case 'apply':
      return applyAndObserve(cluster, release, fence, listener);
    case 'observe':
      return look(cluster, release, fence, listener);
    case 'look':
    case 'remove':
      throw new RangeError(`no answer to ${request.do}`);
    case 'undo':
      if (request.back !== undefined) return applyAndObserve(cluster, request.back, fence, listener);
      await removeRelease(cluster, release, fence);
      return { state: 'removed' };
  }
}

async function applyAndObserve(
  cluster: Cluster,
  release: Release,
  fence: number,
  listener: Listener,
): Promise<RolloutAnswer> {
  const applied = await applyRelease(cluster, release, fence);
  if (applied.outcome === 'superseded') return { state: 'superseded', by: applied.by };
  if (applied.outcome === 'refused')
    return { state: 'failed', reason: applied.reason, details: '', blame: applied.blame };
  listener.onApplied(release, applied.left);
  return look(cluster, release, fence, listener);
}

async function look(
  { kube }: Cluster,
  release: Release,
  fence: number,
  { onPod, newestFence }: Listener,
): Promise<RolloutAnswer> {
  const verdict = await observe(kube, { release, fence, budget: BUDGET, onPod, newestFence });
  if (verdict.state === 'failed')
    return { state: 'failed', reason: verdict.reason, details: verdict.details, blame: verdict.blame };
  if (verdict.state !== 'live') return verdict;
  const url = await reach(kube, release, ADDRESS_BUDGET);
  return {
    state: 'live',
    ...(url !== undefined && { url }),
    internalName: internalName(release.app, release.namespace),
  };
}
