import { FairleadError } from '../errors.ts';
import type { Settled } from '../kube/write.ts';
import { deploymentsThatCount, withCounts } from '../release/counts.ts';
import { phasesOf } from '../release/phases.ts';
import type { KubernetesObject, Phase, Release } from '../release/types.ts';
import type { Begun } from './begun.ts';
import type { Cluster } from './cluster.ts';
import type { Change } from './diff.ts';
import { type Entry, entryFor } from './inventory.ts';
import { type Remembered, recall, remember } from './memory.ts';
import { ensureNamespaces, labelNamespaces, type Namespaces, removeNamespace } from './namespace.ts';
import { entriesOf, isRemembered } from './prune.ts';
import { rehearse } from './rehearse.ts';
import type { Secrets } from './secrets.ts';
import type { Blame } from './verdict.ts';
import { type Ground, type Known, lookAtAll, writeAll } from './write-all.ts';

/** What is applied, for which claim, with which secrets. */
export interface Application {
  cluster: Cluster;
  release: Release;
  fence: number;
  secrets: Secrets;
}

/** How an application ended. */
export type Applied = ({ outcome: 'applied' } & Settled) | Stopped;

export type Stopped =
  | { outcome: 'superseded'; by: number }
  /** The cluster would not take a resource. `reason` is one line. */
  | { outcome: 'refused'; reason: string; blame?: Blame };

/** What is known of the cluster before anything is changed. */
export interface Prepared {
  outcome: 'prepared';
  changes: Change[];
  known: Known;
  /** Paths of what stays as it is, but for who wrote it last. */
  same: ReadonlySet<string>;
  remembered: Remembered;
  namespaces: Namespaces;
  /** Whether the release makes an object that was not there. */
  makes: boolean;
}

/**
 * Asks the cluster about everything that the release will apply in all its phases, as a dry run. But for the namespace,
 * which a dry run needs, nothing is made by it, and that is removed again where the release is refused.
 * @throws FairleadError that is temporary
 */
export function prepare(application: Application): Promise<Prepared | Stopped> {
  const { cluster, release, fence, secrets } = application;
  return refusing(application, async () => {
    const everything = await everythingOf(cluster, release);
    const placed = await cluster.place(everything, release.namespace);
    const ensuring = ensureNamespaces(cluster, release, fence);
    const filling = secrets.fill(everything);
    // Side by side; but what was made is known before anything goes wrong.
    filling.catch(() => {});
    const namespaces = await ensuring;
    const isNew = namespaces.made.length > 0;
    try {
      const [resources, remembered, known] = await Promise.all([
        filling,
        recall(cluster, release, namespaces.made),
        lookAtAll(cluster, placed, namespaces.made),
      ]);
      const kept = entriesOf(release);
      const rehearsal = { release, fence, resources, kept, known, remembered, isNew };
      const rehearsed = await rehearse(cluster, rehearsal);
      if (rehearsed.outcome === 'superseded') return rehearsed;
      return { ...rehearsed, outcome: 'prepared', remembered, namespaces };
    } catch (error) {
      if (isNew) await removeNamespace(cluster, release, fence);
      throw error;
    }
  });
}

/** What a release applies at any time, each as often as it differs; what is there in the end comes last. */
async function everythingOf(cluster: Cluster, release: Release): Promise<KubernetesObject[]> {
  const phases = await Promise.all(phasesOf(release).map((phase) => counted(cluster, release, phase)));
  return [...release.jobs, ...phases.flat()].filter(isRemembered);
}

/**
 * Has the inventory know of everything that the release will make, and of how it was before, before it makes any of it,
 * and gives the namespace its labels.
 * @throws FairleadError that is temporary
 */
export function begin(
  application: Application,
  prepared?: Prepared,
  begun?: Begun,
): Promise<Stopped | undefined> {
  const { cluster, release, fence } = application;
  return refusing<undefined>(application, async () => {
    const { namespaces, remembered, makes } = prepared ?? (await lookFirst(cluster, release, fence));
    const superseded =
      (await labelNamespaces(cluster, namespaces, fence)) ??
      (await remember(cluster, release, fence, remembered, {
        entries: allEntries(release),
        begun,
        always: makes,
      }));
    return superseded && { outcome: 'superseded', by: superseded.by };
  });
}

async function lookFirst(cluster: Cluster, release: Release, fence: number) {
  const [namespaces, remembered] = await Promise.all([
    ensureNamespaces(cluster, release, fence),
    recall(cluster, release),
  ]);
  return { namespaces, remembered, makes: true };
}

function allEntries(release: Release): Entry[] {
  const resources = phasesOf(release).flatMap((phase) => phase.resources);
  const entries = resources.filter(isRemembered).map((resource) => entryFor(resource, release.namespace));
  return [...entriesOf(release), ...entries];
}

const NOTHING: Ground = { known: new Map(), same: new Set() };

/** Pods that serve again are worth more than order. */
export const GOING_BACK: Ground = { ...NOTHING, refused: 'the rest is tried' };

/**
 * Applies the resources of `phase`. May be repeated: what is as it should be stays so.
 * @throws FairleadError that is temporary
 */
export function applyPhase(
  application: Application,
  phase: Phase,
  basis: Ground = NOTHING,
): Promise<Applied> {
  const { cluster, release } = application;
  return refusing(application, async () =>
    applyResources(application, await counted(cluster, release, phase), basis),
  );
}

/** As {@link applyPhase}, of what jobs need. */
export function applyResources(
  application: Application,
  resources: readonly KubernetesObject[],
  basis: Ground = NOTHING,
): Promise<Applied> {
  const { cluster, release, fence, secrets } = application;
  return refusing(application, async () => {
    const written = resources.filter(isRemembered);
    const placed = await cluster.place(await secrets.fill(written), release.namespace);
    const result = await writeAll(cluster, placed, fence, basis);
    return 'by' in result ? { outcome: 'superseded', by: result.by } : { outcome: 'applied', ...result };
  });
}

interface Counting {
  spec?: { replicas?: number };
}

/** The resources of `phase` with as many pods as the cluster's present Deployments ask for. */
async function counted({ kube }: Cluster, { namespace }: Release, phase: Phase): Promise<KubernetesObject[]> {
  const names = deploymentsThatCount(phase);
  if (names.length === 0) return phase.resources;
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const found = await Promise.all(names.map((name) => kube.find<Counting>(`${path}/${name}`)));
  const present = names.flatMap((name, index): [string, number][] => {
    const deployment = found[index];
    return deployment === undefined ? [] : [[name, deployment.spec?.replicas ?? 1]];
  });
  return withCounts(phase, new Map(present));
}

/** What the cluster refuses is an answer; what may pass is thrown. */
async function refusing<T>(
  { secrets }: Application,
  apply: () => Promise<T | Stopped>,
): Promise<T | Stopped> {
  try {
    return await apply();
  } catch (error) {
    if (!(error instanceof FairleadError) || error.temporary) throw error;
    const { cause, remedy } = error.fault;
    const reason = secrets.hide(remedy === undefined ? cause : `${cause}; ${remedy}`);
    return { outcome: 'refused', reason, ...(!WRONG.includes(error.code) && { blame: 'elsewhere' }) };
  }
}

/** What the cluster says of a resource that is wrong in itself; anything else is about rights, or other people's objects. */
const WRONG = ['kube/invalid', 'kube/bad-request'];
