import { fenceOf } from '../kube/owner.ts';
import { removeIf } from '../kube/remove.ts';
import type { LiveObject } from '../kube/wire.ts';
import type { Release } from '../release/types.ts';
import type { Begun } from './begun.ts';
import type { Cluster, Placed } from './cluster.ts';
import {
  type Entry,
  type Inventory,
  inventoryObject,
  inventoryOf,
  isOf,
  provenance,
  union,
  without,
} from './inventory.ts';
import { isWithin, write } from './write-all.ts';

type About = Pick<Release, 'app' | 'environment' | 'namespace' | 'source'>;

/** What is kept in the cluster about an app in an environment, as it was when it was read. */
export interface Remembered extends Inventory {
  live: LiveObject | undefined;
}

/**
 * What has been applied for `about` so far; in namespaces that were just `made`, nothing. An object of that name that is
 * not its inventory counts for nothing.
 */
export async function recall(
  cluster: Cluster,
  about: About,
  made: readonly Placed[] = [],
): Promise<Remembered> {
  const object = inventoryObject(about, { entries: [] });
  const { metadata } = object;
  const path = pathOf(metadata);
  const live = isWithin(made, path) ? undefined : await cluster.kube.find<LiveObject>(path);
  const ours = live !== undefined && isOf(live, metadata.labels);
  return { live, ...(ours ? inventoryOf(live) : { entries: [] }) };
}

/** What is to be remembered beside what is. */
interface More {
  entries: readonly Entry[];
  begun?: Begun | undefined;
  /** Even where it adds nothing. */
  always: boolean;
}

/**
 * Adds `more` to what is remembered, before any of it is made. It is written as the claim `fence`: no older claim can
 * forget anything after that.
 */
export async function remember(
  cluster: Cluster,
  about: About,
  fence: number,
  { live, entries }: Remembered,
  more: More,
): Promise<{ by: number } | undefined> {
  const { begun, always } = more;
  const isKnown = without(more.entries, entries).length === 0 && saysWhence(live, about);
  if (!always && begun === undefined && isKnown) return undefined;
  const to = (now: Inventory) => ({
    ...now,
    entries: union(now.entries, more.entries),
    ...(begun && { begun }),
  });
  return change(cluster, about, fence, to, { live });
}

function saysWhence(live: LiveObject | undefined, about: About): boolean {
  const said = live?.metadata?.annotations ?? {};
  return Object.entries(provenance(about)).every(([key, value]) => said[key] === value);
}

/** Takes `gone` out of what is remembered. */
export async function forget(
  cluster: Cluster,
  about: About,
  fence: number,
  gone: readonly Entry[],
): Promise<{ by: number } | undefined> {
  if (gone.length === 0) return undefined;
  const { live } = await recall(cluster, about);
  // It is not made to say nothing: its namespace may be gone.
  if (live === undefined) return undefined;
  return change(cluster, about, fence, (now) => ({ ...now, entries: without(now.entries, gone) }), { live });
}

/** Forgets everything: the last act of a removal. */
export async function forgetAll({ kube }: Cluster, about: About, fence: number): Promise<void> {
  const { metadata } = inventoryObject(about, { entries: [] });
  await removeIf(kube, pathOf(metadata), (live) => isOf(live, metadata.labels) && fenceOf(live) <= fence);
}

async function change(
  cluster: Cluster,
  about: About,
  fence: number,
  to: (now: Inventory) => Inventory,
  known?: { live: LiveObject | undefined },
): Promise<{ by: number } | undefined> {
  const resource = inventoryObject(about, { entries: [] });
  const path = pathOf(resource.metadata);
  const placed = { resource, path: { object: path, collection: path.slice(0, path.lastIndexOf('/')) } };
  const written = await write(cluster, placed, fence, {
    ...(known && { known: new Map([[path, known.live]]) }),
    // A person who has edited it is no reason to stop, and what they wrote in it is kept.
    takes: () => true,
    revise: (_, live) => inventoryObject(about, to(inventoryOf(live))),
  });
  return written.outcome === 'superseded' ? { by: written.by } : undefined;
}

function pathOf({ name, namespace }: { name: string; namespace: string }): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}
