import { FairleadError } from '../errors.ts';
import type { Contested } from '../kube/conflict.ts';
import { fenceOf } from '../kube/owner.ts';
import type { LiveObject } from '../kube/wire.ts';
import { applyFenced, removeIf, type Written } from '../kube/write.ts';
import { IDENTITY } from '../release/labels.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import type { Cluster, Placed } from './cluster.ts';
import { ensureNamespace } from './namespace.ts';
import type { Blame } from './verdict.ts';

/** How an application ended. */
export type Applied =
  /** `left`: fields that stay as somebody else has set them. */
  | { outcome: 'applied'; left: readonly Contested[] }
  | { outcome: 'superseded'; by: number }
  /** The cluster would not take a resource; none was changed. `reason` is one line. */
  | { outcome: 'refused'; reason: string; blame?: Blame };

/** A person or an autoscaler who has set them knows more about the load than a file in the repository. */
const YIELDS = ['.spec.replicas'];

/** What the cluster says of a resource that is wrong in itself; anything else is about rights, or other people's objects. */
const WRONG = ['kube/invalid', 'kube/bad-request'];

/**
 * Applies `release` as the claim `fence`: all of it as a dry run first, then one resource after another. May be
 * repeated: what is as it should be stays so.
 * @throws FairleadError that is temporary
 */
export async function applyRelease(cluster: Cluster, release: Release, fence: number): Promise<Applied> {
  try {
    return await apply(cluster, release, fence);
  } catch (error) {
    if (!(error instanceof FairleadError) || error.temporary) throw error;
    const { cause, remedy } = error.fault;
    const reason = remedy === undefined ? cause : `${cause}; ${remedy}`;
    return { outcome: 'refused', reason, blame: WRONG.includes(error.code) ? undefined : 'elsewhere' };
  }
}

async function apply(cluster: Cluster, release: Release, fence: number): Promise<Applied> {
  const placed = await cluster.place(release.resources);
  const [namespaces, resources] = [placed.filter(isNamespace), placed.filter((one) => !isNamespace(one))];
  const undoNamespaces: (() => Promise<unknown>)[] = [];
  // A dry run needs the namespace that it would be in, so an absent one is made before anything can be refused.
  for (const namespace of namespaces)
    if ((await ensureNamespace(cluster.kube, namespace, fence)) === 'created')
      undoNamespaces.push(() => removeWritten(cluster, namespace, fence));
  try {
    const rehearsed = await rehearse(cluster, resources, fence);
    if (rehearsed !== undefined) return rehearsed;
  } catch (error) {
    for (const undo of undoNamespaces) await undo();
    throw error;
  }
  const left: Contested[] = [];
  for (const one of resources) {
    const written = await write(cluster, one, fence);
    if (written.outcome === 'superseded') return written;
    left.push(...written.left);
  }
  await prune(cluster, release, fence);
  return { outcome: 'applied', left };
}

/** Asks the cluster whether it would take everything. Undefined if so. */
async function rehearse(cluster: Cluster, resources: Placed[], fence: number) {
  const results = await Promise.allSettled(resources.map((one) => write(cluster, one, fence, true)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results
    .flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    .find((written) => written.outcome === 'superseded');
}

function write(cluster: Cluster, { resource, path }: Placed, fence: number, dryRun?: true): Promise<Written> {
  return applyFenced(cluster.kube, path, resource, { fence, identity: IDENTITY, yields: YIELDS, dryRun });
}

/** Kinds that a release has or has not: what an earlier one had is removed when this one has none. */
async function prune(cluster: Cluster, release: Release, fence: number): Promise<void> {
  if (release.resources.some(({ kind }) => kind === 'PodDisruptionBudget')) return;
  const model = release.resources.find(({ kind }) => kind === 'Deployment');
  if (model === undefined) return;
  const [placed] = await cluster.place([
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: model.metadata },
  ]);
  if (placed === undefined) return;
  await removeIf(
    cluster.kube,
    placed.path.object,
    (live) => hasIdentityOf(live, model) && fenceOf(live) <= fence,
  );
}

/** Removes a resource if this claim wrote it last, or one that it took over from. */
export function removeWritten({ kube }: Cluster, { resource, path }: Placed, fence: number) {
  return removeIf(kube, path.object, (live) => hasIdentityOf(live, resource) && fenceOf(live) <= fence);
}

function hasIdentityOf(live: LiveObject, { metadata }: KubernetesObject): boolean {
  return IDENTITY.every((key) => live.metadata?.labels?.[key] === metadata.labels?.[key]);
}

function isNamespace({ resource }: Placed): boolean {
  return resource.kind === 'Namespace';
}
