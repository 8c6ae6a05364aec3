import { FairleadError } from '../errors.ts';
import { ownsField } from '../kube/owner.ts';
import type { LiveObject, WrittenObject } from '../kube/wire.ts';
import { applyFenced, type Settled, type Writing, type Written } from '../kube/write.ts';
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
  more: { dryRun?: true; known?: Known; revise?: Revise } & Pick<Writing, 'takes' | 'yields'> = {},
): Promise<Written> {
  const { dryRun, known, revise = keepReplicas, takes, yields = [REPLICAS] } = more;
  return applyFenced(kube, path, resource, {
    fence,
    identity: IDENTITY,
    yields,
    revise,
    ...(takes && { takes }),
    ...(dryRun && { dryRun }),
    ...(known?.has(path.object) && { known: { live: known.get(path.object) } }),
  });
}

/**
 * What a person has set by hand is what they did about the incident that a release is brought back for, and goes with it.
 * What another controller has set it would set again.
 */
const BY_HAND: Pick<Writing, 'takes' | 'yields'> = {
  takes: ({ field, manager }) => field !== REPLICAS && /^kubectl(-|$)/.test(manager),
  yields: 'all',
};

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

/** What is known as all is applied. */
export interface Ground {
  known: Known;
  /** Paths of what stays as it is, but for who wrote it last. */
  same: ReadonlySet<string>;
  /**
   * Of a release that is brought back: fields are taken from people, and left to others, and what is refused keeps nothing
   * else from being written but where it makes pods.
   */
  refused?: 'the rest is tried';
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
  { known, same, refused }: Ground,
): Promise<Settled | { by: number }> {
  const more = { known, ...(refused && BY_HAND) };
  const pods = placed.filter(({ resource }) => WITH_PODS.includes(resource.kind));
  const others = placed.filter(({ resource }) => !WITH_PODS.includes(resource.kind));
  const first = others.filter(({ path }) => !same.has(path.object));
  const last = others.filter(({ path }) => same.has(path.object));
  if (refused) {
    // Pods beside a configuration that is not theirs are a mixture that nobody has ever seen at work.
    const asked = await allOf(pods.map((one) => write(cluster, one, fence, { ...more, dryRun: true })));
    const newer = asked.find((one) => one.outcome === 'superseded');
    if (newer !== undefined) return { by: newer.by };
  }
  const all: Settled[] = [];
  let refusal: FairleadError | undefined;
  for (const wave of [first, [...pods, ...last]]) {
    const written = await allOf(wave.map((one) => write(cluster, one, fence, more))).catch((error) => {
      const goesOn = refused !== undefined && error instanceof FairleadError && !error.temporary;
      if (!goesOn) throw error;
      refusal ??= error;
      return [];
    });
    for (const one of written) {
      if (one.outcome === 'superseded') return { by: one.by };
      all.push(one);
    }
    if (wave === first) await quotasTakenUp(cluster, first);
  }
  if (refusal !== undefined) throw refusal;
  return { left: all.flatMap(({ left }) => left), taken: all.flatMap(({ taken }) => taken) };
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
