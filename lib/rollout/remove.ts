import type { Release } from '../release/types.ts';
import type { Cluster } from './cluster.ts';
import { union } from './inventory.ts';
import { forgetAll, recall } from './memory.ts';
import { removeNamespace } from './namespace.ts';
import { entriesOf, takeAway } from './prune.ts';

/** Kinds that others may use by now, who would lose everything with them. Of namespaces see lib/rollout/namespace.ts. */
const OTHERS_TOO = ['CustomResourceDefinition', 'Namespace'];

/**
 * Takes away everything of an environment, as the claim `fence`: what is remembered of it, what `release` contains, and
 * the namespace if Fairlead made it for this app and no other one is in it. What others made, or a later claim has
 * written, stays. May be repeated.
 */
export async function removeEnvironment(cluster: Cluster, release: Release, fence: number): Promise<void> {
  const { entries } = await recall(cluster, release);
  const all = union(entries, entriesOf(release)).filter(({ kind }) => !OTHERS_TOO.includes(kind));
  await takeAway(cluster, release, fence, all);
  await forgetAll(cluster, release, fence);
  await removeNamespace(cluster, release, fence);
}
