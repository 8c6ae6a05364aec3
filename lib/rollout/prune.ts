import { fenceOf } from '../kube/owner.ts';
import { removeIf } from '../kube/remove.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import { freedBy, scaleAsSaid } from './autoscaled.ts';
import type { Cluster } from './cluster.ts';
import { inUse } from './in-use.ts';
import { type Entry, entryFor, isOf, objectOf, without } from './inventory.ts';
import { forget, type Remembered } from './memory.ts';
import { allOf } from './write-all.ts';

/**
 * Kinds that are never taken away because a release no longer has them: people's data goes with them. They go with
 * the environment.
 */
const KEPT = ['Namespace', 'PersistentVolumeClaim', 'CustomResourceDefinition'];

/** What is to be there when `release` is done: its resources and its jobs, which tell how they ended. */
export function entriesOf({ resources, jobs, namespace }: Release): Entry[] {
  return [...resources, ...jobs].filter(isRemembered).map((resource) => entryFor(resource, namespace));
}

/** Namespaces have rules of their own: see lib/rollout/namespace.ts. */
export function isRemembered({ kind }: KubernetesObject): boolean {
  return kind !== 'Namespace';
}

/**
 * Takes away what is remembered of the environment and `kept` does not contain, if the claim `fence` or one that it
 * took over from has written it. What somebody else has put in its place stays, and so does, until the next time, what
 * pods are still at work with.
 * @throws what the first refused removal is refused with; the others are done
 */
export async function prune(
  cluster: Cluster,
  release: Release,
  fence: number,
  { entries }: Pick<Remembered, 'entries'>,
  kept: readonly Entry[],
): Promise<void> {
  const stale = staleOf(entries, kept);
  const [used, freed] = await Promise.all([
    inUse(cluster.kube, release, stale),
    freedBy(cluster, release, stale),
  ]);
  await takeAway(cluster, release, fence, without(stale, used));
  await scaleAsSaid(cluster, release, fence, freed);
}

/** Those of `entries` that `kept` does not contain, and that are not kept in any case. */
export function staleOf(entries: readonly Entry[], kept: readonly Entry[]): Entry[] {
  return without(entries, kept).filter(({ kind }) => !KEPT.includes(kind));
}

/** As {@link prune}, with `entries` whatever they are. */
export async function takeAway(
  cluster: Cluster,
  release: Release,
  fence: number,
  entries: readonly Entry[],
): Promise<void> {
  if (entries.length === 0) return;
  const gone: Entry[] = [];
  try {
    await allOf(
      entries.map(async (entry) => {
        if (await removeEntry(cluster, release, fence, entry)) gone.push(entry);
      }),
    );
  } finally {
    await forget(cluster, release, fence, gone);
  }
}

/** Whether there is nothing of ours any more: it is a newer claim's otherwise, who will see to it. */
async function removeEntry(
  cluster: Cluster,
  release: Release,
  fence: number,
  entry: Entry,
): Promise<boolean> {
  const object = objectOf(entry, release);
  const placed = await cluster.find(object, release.namespace);
  // A kind that the cluster no longer has took its objects with it.
  if (placed === undefined) return true;
  let ours = false;
  const removed = await removeIf(cluster.kube, placed.path.object, (live) => {
    ours = isOf(live, object.metadata.labels);
    return ours && fenceOf(live) <= fence;
  });
  return removed !== 'kept' || !ours;
}
