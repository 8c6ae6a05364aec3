import type { Release } from '../release/types.ts';
import { removeWritten } from './apply.ts';
import type { Cluster } from './cluster.ts';

/**
 * Takes away what `release` created, as the claim `fence` or as one that it took over from, the last applied first: the
 * undo of a first release, before which there was nothing. What others made, or a later claim has written, stays.
 */
export async function removeRelease(cluster: Cluster, release: Release, fence: number): Promise<void> {
  const placed = await cluster.place(release.resources);
  for (const one of placed.reverse()) await removeWritten(cluster, one, fence);
}
