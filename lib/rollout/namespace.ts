import { FairleadError } from '../errors.ts';
import type { Kube } from '../kube/client.ts';
import { FIELD_MANAGER, fenceOf } from '../kube/owner.ts';
import { removeIf } from '../kube/remove.ts';
import { Mirror } from '../kube/watch.ts';
import type { LiveObject, Namespace } from '../kube/wire.ts';
import { createFenced } from '../kube/write.ts';
import { identity, VERSION } from '../release/labels.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import type { Cluster, Placed } from './cluster.ts';
import { INVENTORIES, isOf } from './inventory.ts';
import { write } from './write-all.ts';

/** How long a namespace that is being removed is waited for: its pods have their time to end, and more. */
const REMOVAL_MS = 60_000;

/** The namespaces of a release: those that had to be made, and those that were there. */
export interface Namespaces {
  made: readonly Placed[];
  present: readonly (Placed & { live: LiveObject })[];
}

/**
 * Makes sure that the namespaces of `release` exist, its own above all, and has the rights in those that it makes. One that is there stays as it is: others may
 * have made it and may use it. One that is being removed (with a first release that failed) is waited for, and made anew.
 * @throws FairleadError `rollout/namespace-terminating`, temporary
 */
export async function ensureNamespaces(
  cluster: Cluster,
  release: Release,
  fence: number,
): Promise<Namespaces> {
  const placed = await cluster.place(namespacesOf(release), release.namespace);
  const ensured = await Promise.all(
    placed.map(async (one) => ({ ...one, live: await ensure(cluster, one, fence) })),
  );
  return {
    made: ensured.filter(({ live }) => live === undefined),
    present: ensured.flatMap(({ live, ...one }) => (live === undefined ? [] : [{ ...one, live }])),
  };
}

/** What is there; undefined if it was made. */
async function ensure(
  { kube, rights }: Cluster,
  { resource, path }: Placed,
  fence: number,
): Promise<LiveObject | undefined> {
  const live = await kube.find<Namespace>(path.object);
  if (live !== undefined && live.metadata?.deletionTimestamp === undefined) return live;
  if (live !== undefined) await removed(kube, resource.metadata.name);
  const is = await createFenced(kube, path, resource, fence);
  if (is === 'present') return kube.get<LiveObject>(path.object);
  await rights.give(resource.metadata.name);
  return undefined;
}

/**
 * Gives the namespaces that Fairlead made for this app the labels that the release says: they decide what its pods may
 * do, and when a preview ends.
 */
export async function labelNamespaces(
  cluster: Cluster,
  { present }: Namespaces,
  fence: number,
): Promise<{ by: number } | undefined> {
  for (const { live, ...one } of present) {
    if (!isOf(live, one.resource.metadata.labels) || isAsSaid(live, one.resource)) continue;
    const written = await write(cluster, one, fence, { known: new Map([[one.path.object, live]]) });
    if (written.outcome === 'superseded') return { by: written.by };
  }
  return undefined;
}

/** Those that the release contains, and its own in any case. */
function namespacesOf({ app, environment, namespace: name, resources }: Release): KubernetesObject[] {
  const said = resources.filter(({ kind }) => kind === 'Namespace');
  if (said.some(({ metadata }) => metadata.name === name)) return said;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: identity(app, environment) } },
    ...said,
  ];
}

/** The version alone is not worth a write: it changes with every commit. */
function isAsSaid({ metadata }: LiveObject, resource: KubernetesObject): boolean {
  const wanted = Object.entries(resource.metadata.labels ?? {}).filter(([key]) => key !== VERSION);
  const set = (metadata?.managedFields ?? [])
    .filter(({ manager }) => manager === FIELD_MANAGER)
    .flatMap(({ fieldsV1 }) => Object.keys(labelsIn(fieldsV1)));
  const more = set.filter((key) => !(key.slice(2) in (resource.metadata.labels ?? {})));
  return more.length === 0 && wanted.every(([key, value]) => metadata?.labels?.[key] === value);
}

function labelsIn(fields: unknown): object {
  const { 'f:metadata': metadata } = (fields ?? {}) as { 'f:metadata'?: { 'f:labels'?: object } };
  const { '.': _, ...labels } = (metadata?.['f:labels'] ?? {}) as Record<string, unknown>;
  return labels;
}

/** Removes the release's namespace if Fairlead made it for this app, and no other app of Fairlead is in it. */
export async function removeNamespace({ kube }: Cluster, release: Release, fence: number): Promise<void> {
  const { app, environment, namespace } = release;
  const labels = identity(app, environment);
  const path = `/api/v1/namespaces/${namespace}`;
  const live = await kube.find<LiveObject>(path);
  if (live === undefined || !isOf(live, labels) || fenceOf(live) > fence) return;
  // It is going already, and takes the rights in it with it.
  if (live.metadata?.deletionTimestamp !== undefined) return;
  const query = { labelSelector: INVENTORIES };
  const { items } = await kube.get<{ items: LiveObject[] }>(`${path}/configmaps`, query);
  if (items.length > 0) return;
  await removeIf(kube, path, (now) => isOf(now, labels) && fenceOf(now) <= fence);
}

async function removed(kube: Kube, name: string): Promise<void> {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), REMOVAL_MS);
  let gone = false;
  const mirror = new Mirror<Namespace>(
    kube,
    '/api/v1/namespaces',
    { fieldSelector: `metadata.name=${name}` },
    () => {
      gone = mirror.synced && mirror.items.size === 0;
      if (gone) ended.abort();
    },
  );
  await mirror.run(ended.signal).finally(() => clearTimeout(timer));
  if (gone) return;
  throw new FairleadError({
    code: 'rollout/namespace-terminating',
    operation: `creating namespace ${name}`,
    cause: `the namespace of that name is still being removed after ${REMOVAL_MS / 1000} s`,
    temporary: true,
  });
}
