import { FairleadError } from '../errors.ts';
import type { Contested } from '../kube/conflict.ts';
import { ownsField } from '../kube/owner.ts';
import type { LiveObject, WrittenObject } from '../kube/wire.ts';
import { applyFenced, type Writing, type Written } from '../kube/write.ts';
import { IDENTITY } from '../release/labels.ts';
import type { Cluster, Placed } from './cluster.ts';
import { quotasTakenUp } from './quota.ts';

/** What was there when everything was looked at, by path; see {@link Written}. */
export type Known = ReadonlyMap<string, LiveObject | undefined>;

type Revise = NonNullable<Writing['revise']>;

/** A person or an autoscaler who has set them knows more about the load than a file in the repository. */
export const REPLICAS = '.spec.replicas';

/** What pods refer to as they start: it has to be there before them. */
const WITH_PODS = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod'];

/** Applies one resource as the claim `fence`. */
export function write(
  { kube }: Cluster,
  { resource, path }: Placed,
  fence: number,
  more: { dryRun?: true; known?: Known; revise?: Revise; takes?: Writing['takes'] } = {},
): Promise<Written> {
  const { dryRun, known, revise = keepReplicas, takes } = more;
  return applyFenced(kube, path, resource, {
    fence,
    identity: IDENTITY,
    yields: [REPLICAS],
    revise,
    ...(takes && { takes }),
    ...(dryRun && { dryRun }),
    ...(known?.has(path.object) && { known: { live: known.get(path.object) } }),
  });
}

/** What was there of `placed`; in the namespaces that were just `made`, nothing. */
export async function lookAtAll(
  { kube }: Cluster,
  placed: readonly Placed[],
  made: readonly Placed[],
): Promise<Known> {
  const paths = [...new Set(placed.map(({ path }) => path.object))];
  const look = (path: string) => (isWithin(made, path) ? undefined : kube.find<LiveObject>(path));
  const found = await allOf(paths.map(async (path) => look(path)));
  return new Map(paths.map((path, index) => [path, found[index]]));
}

/** Whether what is at `path` is in one of `namespaces`. */
export function isWithin(namespaces: readonly Placed[], path: string): boolean {
  return namespaces.some(({ resource }) => path.includes(`/namespaces/${resource.metadata.name}/`));
}

/**
 * Applies all of `placed`: first, side by side, what pods need, then what makes pods. What stays the `same` is nothing
 * that anybody waits for.
 * @throws what the first of them in their order is refused with; the others of its kind may have been written
 */
export async function writeAll(
  cluster: Cluster,
  placed: readonly Placed[],
  fence: number,
  basis: { known: Known; same: ReadonlySet<string>; refused?: 'the rest is tried' },
): Promise<{ left: Contested[] } | { by: number }> {
  const { known, same } = basis;
  const left: Contested[] = [];
  let refusal: FairleadError | undefined;
  const pods = placed.filter(({ resource }) => WITH_PODS.includes(resource.kind));
  const others = placed.filter(({ resource }) => !WITH_PODS.includes(resource.kind));
  const first = others.filter(({ path }) => !same.has(path.object));
  const last = others.filter(({ path }) => same.has(path.object));
  for (const wave of [first, [...pods, ...last]]) {
    const written = await allOf(wave.map((one) => write(cluster, one, fence, { known }))).catch((error) => {
      const goesOn = basis.refused !== undefined && error instanceof FairleadError && !error.temporary;
      if (!goesOn) throw error;
      refusal ??= error;
      return [];
    });
    for (const one of written) {
      if (one.outcome === 'superseded') return { by: one.by };
      left.push(...one.left);
    }
    if (wave === first) await quotasTakenUp(cluster, first);
  }
  if (refusal !== undefined) throw refusal;
  return { left };
}

/** Waits for all, even when one fails: nothing is to go on in the background. The first error in their order counts. */
export async function allOf<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(tasks);
  const rejected = results.filter((result) => result.status === 'rejected');
  // A refusal says more than a connection that broke.
  const worst =
    rejected.find(({ reason }) => reason instanceof FairleadError && !reason.temporary) ?? rejected[0];
  if (worst !== undefined) throw worst.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/**
 * A field that is no longer applied falls back to its default, which for pods is 1: who leaves their number to an
 * autoscaler from now on keeps those that are there until it has decided.
 */
function keepReplicas(object: WrittenObject, live: LiveObject | undefined): WrittenObject {
  const { spec } = object as { spec?: { replicas?: number } };
  const replicas = (live as { spec?: { replicas?: number } } | undefined)?.spec?.replicas;
  const scales = object.kind === 'Deployment' || object.kind === 'StatefulSet';
  if (!scales || spec === undefined || spec.replicas !== undefined) return object;
  if (live === undefined || replicas === undefined || !ownsField(live, REPLICAS)) return object;
  return { ...object, spec: { ...spec, replicas } } as WrittenObject;
}
