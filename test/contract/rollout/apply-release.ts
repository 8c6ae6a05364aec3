import { wholeOf } from '../../../lib/release/phases.ts';
import type { Release } from '../../../lib/release/types.ts';
import { type Applied, applyPhase, begin, prepare } from '../../../lib/rollout/apply.ts';
import type { Cluster } from '../../../lib/rollout/cluster.ts';
import { Secrets } from '../../../lib/rollout/secrets.ts';

/** Applies all of a release at once, and does not wait for what comes of it. */
export async function applyRelease(cluster: Cluster, release: Release, fence: number): Promise<Applied> {
  const application = { cluster, release, fence, secrets: new Secrets(undefined, 'refuse') };
  const prepared = await prepare(application);
  if (prepared.outcome !== 'prepared') return prepared;
  return (await begin(application, prepared)) ?? applyPhase(application, wholeOf(release), prepared);
}
