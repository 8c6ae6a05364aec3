import { fenceOf } from '../kube/owner.ts';
import type { LiveObject } from '../kube/wire.ts';
import type { Release } from '../release/types.ts';
import type { Cluster } from './cluster.ts';
import { type Entry, isOf, objectOf, union } from './inventory.ts';
import { forgetAll, recall } from './memory.ts';
import { removeNamespace } from './namespace.ts';
import { entriesOf, takeAway } from './prune.ts';

/** Kinds that others may use by now, who would lose everything with them. Of namespaces see lib/rollout/namespace.ts. */
const OTHERS_TOO = ['CustomResourceDefinition', 'Namespace'];

/**
 * Takes away everything of an environment, as the claim `fence`: what is remembered of it, what `release` contains, and
 * the namespace if Fairlead made it for this app and no other one is in it. What others made stays. Where a later claim
 * has written, everything does, and `by` is its fence: the inventory and the namespace may be as old as the environment,
 * and would go with all that is newer. May be repeated.
 */
export async function removeEnvironment(
  cluster: Cluster,
  release: Release,
  fence: number,
): Promise<{ by: number } | undefined> {
  const { entries } = await recall(cluster, release);
  const all = union(entries, entriesOf(release)).filter(({ kind }) => !OTHERS_TOO.includes(kind));
  const by = await newestFence(cluster, release, all);
  if (by > fence) return { by };
  await takeAway(cluster, release, fence, all);
  await forgetAll(cluster, release, fence);
  await removeNamespace(cluster, release, fence);
  return undefined;
}

/** Of those of `entries` that are the release's environment's. */
async function newestFence(cluster: Cluster, release: Release, entries: readonly Entry[]): Promise<number> {
  const fences = await Promise.all(
    entries.map(async (entry) => {
      const object = objectOf(entry, release);
      const placed = await cluster.find(object, release.namespace);
      const live = placed && (await cluster.kube.find<LiveObject>(placed.path.object));
      return live !== undefined && isOf(live, object.metadata.labels) ? fenceOf(live) : 0;
    }),
  );
  return Math.max(0, ...fences);
}
