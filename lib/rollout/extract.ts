import { isDeepStrictEqual } from 'node:util';
import { FENCE, FIELD_MANAGER } from '../kube/owner.ts';
import type { LiveObject } from '../kube/wire.ts';
import { SECRETS_MANAGER } from '../release/labels.ts';
import type { KubernetesObject } from '../release/types.ts';

/** A tree of fields: `f:name`, `k:{"key":…}` of a list of maps, `v:…` of a set, `.` for the thing itself (FieldsV1). */
type Fields = { readonly [key: string]: Fields };

/**
 * What Fairlead has applied of a live object: its own fields, as the API keeps them in `managedFields`, with the values
 * that they have now (as client-go's ExtractInto). Of a Secret whose values are read elsewhere it leaves them there.
 * Undefined where nothing of the object is Fairlead's.
 */
export function extract(live: LiveObject): KubernetesObject | undefined {
  const { apiVersion, kind, metadata } = live;
  const own = (metadata?.managedFields ?? []).filter(
    ({ manager, subresource }) => manager === FIELD_MANAGER && !subresource,
  );
  if (own.length === 0 || apiVersion === undefined || kind === undefined || metadata?.name === undefined)
    return undefined;
  const fields = own.map(({ fieldsV1 }) => (fieldsV1 ?? {}) as Fields).reduce(union, {});
  const { metadata: applied = {}, ...content } = pick(live, fields) as Partial<KubernetesObject>;
  const { annotations = {}, labels } = applied as KubernetesObject['metadata'];
  const { [FENCE]: _fence, ...kept } = annotations;
  if (kind === 'Secret' && SECRETS_MANAGER in kept) delete content.data;
  return {
    ...content,
    apiVersion,
    kind,
    metadata: {
      name: metadata.name,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      ...(labels && { labels }),
      annotations: kept,
    },
  };
}

function union(one: Fields, other: Fields): Fields {
  const both: Record<string, Fields> = { ...one };
  for (const [key, value] of Object.entries(other))
    both[key] = key in one ? union(one[key] ?? {}, value) : value;
  return both;
}

function pick(value: unknown, fields: Fields): unknown {
  const named = Object.entries(fields).filter(([key]) => key !== '.');
  if (Array.isArray(value)) return named.length === 0 ? whole(value, fields) : items(value, named);
  if (value === null || typeof value !== 'object') return value;
  if (named.length === 0) return whole(value, fields);
  const from = value as Record<string, unknown>;
  const found = named.flatMap(([key, below]): [string, unknown][] => {
    const name = key.slice(2);
    return key.startsWith('f:') && name in from ? [[name, pick(from[name], below)]] : [];
  });
  return Object.fromEntries(found);
}

/** A leaf owns all that is in it; one that has `.` alone owns no more than that it is there. */
function whole(value: object, fields: Fields): unknown {
  if (!('.' in fields)) return structuredClone(value);
  return Array.isArray(value) ? [] : {};
}

function items(list: readonly unknown[], named: readonly [string, Fields][]): unknown[] {
  return list.flatMap((item, index) => {
    const [key, below] = named.find(([candidate]) => isNamed(candidate, item, index)) ?? [];
    if (key === undefined || below === undefined) return [];
    if (!key.startsWith('k:')) return [structuredClone(item)];
    const keys = JSON.parse(key.slice(2)) as object;
    return [{ ...keys, ...(pick(item, { '.': {}, ...below }) as object) }];
  });
}

function isNamed(key: string, item: unknown, index: number): boolean {
  if (key.startsWith('i:')) return key === `i:${index}`;
  if (!/^[kv]:/.test(key)) return false;
  const wanted: unknown = JSON.parse(key.slice(2));
  if (key.startsWith('v:')) return isDeepStrictEqual(wanted, item);
  const of = (item ?? {}) as Record<string, unknown>;
  return Object.entries(wanted as object).every(([name, value]) => isDeepStrictEqual(of[name], value));
}
