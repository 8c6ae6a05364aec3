import type { LiveObject } from '../kube/wire.ts';
import { ENVIRONMENT, IDENTITY, identity, SOURCE } from '../release/labels.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import { type Begun, begunIn, textOf } from './begun.ts';

/**
 * What Fairlead has applied for an app in an environment, by name: a ConfigMap beside it, one line an object. An object
 * is in it before it is made and until it is known to be gone, so that whoever is cut off anywhere leaves nothing that
 * nobody remembers.
 *
 * Not an ApplySet (KEP-3659): that finds its members by listing whole kinds by a label, so pruning would need the right
 * to list, which for Secrets is the right to read them all. Here names are enough, and one read is.
 */
export interface Inventory {
  entries: readonly Entry[];
  /** Of the last claim that has brought a release out. */
  begun?: Begun;
}

/** An object by all that does not change in its life: its API's version does. */
export interface Entry {
  apiVersion: string;
  kind: string;
  /** Absent of one in the release's own namespace, and of one that is in none. */
  namespace?: string;
  name: string;
}

/** The label that tells inventories from an app's own ConfigMaps. */
const COMPONENT = { 'app.kubernetes.io/component': 'fairlead-inventory' };

/** The label selector of all inventories. */
export const INVENTORIES = Object.entries(COMPONENT)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');

type About = Pick<Release, 'app' | 'environment' | 'namespace' | 'source'>;

/** The object that keeps `inventory`. */
export function inventoryObject(about: About, { entries, begun }: Inventory) {
  const { app, environment, namespace } = about;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `fairlead-inventory-${app}`,
      namespace,
      labels: { ...identity(app, environment), ...COMPONENT },
      annotations: provenance(about),
    },
    data: {
      objects: entries.map(lineOf).sort().join('\n'),
      ...(begun && { begun: textOf(begun) }),
    },
  } satisfies KubernetesObject;
}

/** Whose inventory it is, and where that came from: what brings the ledger back (lib/rollout/survey.ts). */
export function provenance({ environment, source }: About): Record<string, string> {
  return { [ENVIRONMENT]: environment, ...(source && { [SOURCE]: JSON.stringify(source) }) };
}

/** The inventory that `live` keeps; an empty one where there is none yet. */
export function inventoryOf(live: LiveObject | undefined): Inventory {
  const { data } = (live ?? {}) as { data?: Record<string, string> };
  const lines = (data?.objects ?? '').split('\n').filter((line) => line !== '');
  const begun = begunIn(data?.begun);
  return { entries: lines.map(entryOf), ...(begun && { begun }) };
}

/** The entry of a resource of a release for `namespace`. */
export function entryFor({ apiVersion, kind, metadata }: KubernetesObject, namespace: string): Entry {
  const elsewhere = metadata.namespace !== undefined && metadata.namespace !== namespace;
  return { apiVersion, kind, name: metadata.name, ...(elsewhere && { namespace: metadata.namespace }) };
}

/** The object that an entry stands for, as far as it is known, with the labels that make it the release's. */
export function objectOf({ apiVersion, kind, name, namespace }: Entry, release: About): KubernetesObject {
  const labels = identity(release.app, release.environment);
  return { apiVersion, kind, metadata: { name, namespace: namespace ?? release.namespace, labels } };
}

/** `entries` and those of `more` that are not among them. */
export function union(entries: readonly Entry[], more: readonly Entry[]): Entry[] {
  return [...new Map([...entries, ...more].map((entry) => [keyOf(entry), entry])).values()];
}

/** Those of `entries` that are not among `others`. */
export function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  const keys = new Set(others.map(keyOf));
  return entries.filter((entry) => !keys.has(keyOf(entry)));
}

/** Whether `live` is of the app and environment that `labels` name. */
export function isOf(live: LiveObject, labels: Record<string, string> | undefined): boolean {
  return IDENTITY.every((key) => live.metadata?.labels?.[key] === labels?.[key]);
}

// The version is left out: the same object is served in several.
function keyOf({ apiVersion, kind, namespace, name }: Entry): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return [group, kind, namespace ?? '', name].join(' ');
}

function lineOf({ apiVersion, kind, namespace, name }: Entry): string {
  return [apiVersion, kind, namespace === undefined ? name : `${namespace}/${name}`].join(' ');
}

function entryOf(line: string): Entry {
  const [apiVersion = '', kind = '', path = ''] = line.split(' ');
  const [name = '', namespace] = path.split('/').reverse();
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}
