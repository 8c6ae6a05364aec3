import { fenceOf } from '../kube/owner.ts';
import type { LiveObject } from '../kube/wire.ts';
import type { Written } from '../kube/write.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import type { Cluster, Placed } from './cluster.ts';
import { type Change, fieldsThatDiffer } from './diff.ts';
import { type Entry, entryFor, isOf, objectOf, without } from './inventory.ts';
import type { Remembered } from './memory.ts';
import { staleOf } from './prune.ts';
import { checkReferences } from './references.ts';
import { allOf, type Known, write } from './write-all.ts';

/** What is known once the cluster was asked about everything. */
export type Rehearsed =
  | {
      outcome: 'welcome';
      changes: Change[];
      known: Known;
      /** Paths of what stays as it is, but for who wrote it last. */
      same: ReadonlySet<string>;
      /** Whether the release makes an object that was not there. */
      makes: boolean;
    }
  | { outcome: 'superseded'; by: number };

/** What is to be asked about. */
export interface Rehearsal {
  release: Release;
  fence: number;
  /** Everything that will be applied at some time, with its secrets; those of the end last. */
  resources: readonly KubernetesObject[];
  /** What will be there in the end. */
  kept: readonly Entry[];
  /** What is there now. */
  known: Known;
  remembered: Remembered;
  /** Whether the namespace was not there before. */
  isNew: boolean;
}

/**
 * Asks the cluster whether it would take everything that a release will apply, and what that would change. Nothing is
 * changed by it.
 * @throws FairleadError what the cluster would refuse, or what pods would wait for in vain
 */
export async function rehearse(cluster: Cluster, rehearsal: Rehearsal): Promise<Rehearsed> {
  const { release, fence, resources, known: before } = rehearsal;
  const asked = await cluster.place(distinct(resources), release.namespace);
  const [written, removed] = await Promise.all([
    allOf(asked.map((one) => write(cluster, one, fence, { dryRun: true, known: before }))),
    leftovers(cluster, rehearsal),
    checkReferences(cluster.kube, resources, release.namespace, rehearsal.isNew),
  ]);
  const known = new Map<string, LiveObject | undefined>();
  const changes = new Map<string, Change>();
  const differing = new Set<string>();
  for (const [index, one] of written.entries()) {
    if (one.outcome === 'superseded') return one;
    const { resource, path } = asked[index] as Placed;
    const change = changeOf(nameFor(resource, release), one);
    known.set(path.object, one.before);
    if (isChange(change)) differing.add(path.object);
    if (isAmong(rehearsal.kept, resource, release)) changes.set(path.object, change);
  }
  return {
    outcome: 'welcome',
    changes: bounded([...changes.values(), ...removed].filter(isChange)),
    known,
    same: new Set([...known.keys()].filter((path) => !differing.has(path))),
    makes: [...known.values()].includes(undefined),
  };
}

function isChange({ is, fields }: Change): boolean {
  return is !== 'changed' || fields.length > 0;
}

/** A canary, for example, is not: it is gone in the end. */
function isAmong(kept: readonly Entry[], resource: KubernetesObject, { namespace }: Release): boolean {
  return without([entryFor(resource, namespace)], kept).length === 0;
}

/** Changes that are told one by one. */
const MOST_CHANGES = 100;

function bounded(changes: Change[]): Change[] {
  if (changes.length <= MOST_CHANGES) return changes;
  const more = changes.length - MOST_CHANGES;
  return [...changes.slice(0, MOST_CHANGES), { object: `${more} more objects`, is: 'changed', fields: [] }];
}

/** Each as often as it differs, and in the order of their last times. */
function distinct(resources: readonly KubernetesObject[]): KubernetesObject[] {
  const byText = new Map(resources.map((resource, index) => [JSON.stringify(resource), index]));
  return [...byText.values()].sort((a, b) => a - b).flatMap((index) => resources[index] ?? []);
}

function changeOf(
  object: string,
  { before, object: after }: Extract<Written, { outcome: 'written' }>,
): Change {
  return before === undefined
    ? { object, is: 'created', fields: [] }
    : { object, is: 'changed', fields: fieldsThatDiffer(before, after) };
}

/** What an earlier release has left and this one will take away. */
async function leftovers(
  cluster: Cluster,
  { release, fence, kept, remembered }: Rehearsal,
): Promise<Change[]> {
  const stale = staleOf(remembered.entries, kept);
  const found = await Promise.all(
    stale.map(async (entry) => {
      const object = objectOf(entry, release);
      const placed = await cluster.find(object, release.namespace);
      const live = placed && (await cluster.kube.find<LiveObject>(placed.path.object));
      const goes = live !== undefined && isOf(live, object.metadata.labels) && fenceOf(live) <= fence;
      return goes ? [{ object: nameFor(object, release), is: 'removed' as const, fields: [] }] : [];
    }),
  );
  return found.flat();
}

function nameFor(resource: KubernetesObject, { namespace }: Release): string {
  const entry = entryFor(resource, namespace);
  return `${entry.kind} ${entry.namespace === undefined ? '' : `${entry.namespace}/`}${entry.name}`;
}
