import type { BakeLook } from '../bake/types.ts';
import type { Settled } from '../kube/write.ts';
import type { Release } from '../release/types.ts';
import type { Cluster } from './cluster.ts';
import type { PodChange } from './pods.ts';
import { removeEnvironment } from './remove.ts';
import type { RolloutAnswer, RolloutRequest } from './request.ts';
import { Rollout } from './rollout.ts';
import type { ReadSecret } from './secrets.ts';
import { see } from './see.ts';

/** Who hears how a rollout goes on, knows of newer ones, and reads what is not in the cluster. */
export interface Listener {
  onApplied(release: Release, settled: Settled): void;
  onPod(change: PodChange): void;
  /** What people should know and nobody has to act on at once, one line. */
  onNotice?(notice: string): void;
  /** The fence of the newest claim on the release's environment. */
  newestFence?(): Promise<number | undefined>;
  readSecret?: ReadSecret;
  /** The alarms of a release before anything of it is applied; undefined where nobody can say. */
  alarmsBefore?(release: Release): Promise<BakeLook['alarms'] | undefined>;
  look?(request: Looking): Promise<BakeLook>;
}

export type Looking = Extract<RolloutRequest, { do: 'look' }>;

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
      if (request.back) return new Rollout(cluster, release, fence, listener).comeBack(request.phase);
      return new Rollout(cluster, release, fence, listener).apply(request.phase);
    case 'observe':
      return new Rollout(cluster, release, fence, listener).goOn(request.phase);
    case 'see':
      return see(cluster, release, fence);
    case 'look':
      if (listener.look === undefined) throw new RangeError('nobody can look at a release that bakes');
      return { state: 'looked', look: await listener.look(request) };
    case 'prune':
      return new Rollout(cluster, release, fence, listener).finish();
    case 'undo':
      if (request.back !== undefined) return new Rollout(cluster, request.back, fence, listener).comeBack();
      return removed(await removeEnvironment(cluster, release, fence));
    case 'remove':
      return removed(await removeEnvironment(cluster, release, fence));
  }
}

function removed(superseded: { by: number } | undefined): RolloutAnswer {
  return superseded === undefined ? { state: 'removed' } : { state: 'superseded', by: superseded.by };
}
