import type { LiveObject, ManagedFieldsEntry } from './wire.ts';

/** The name under which Fairlead owns fields (Kubernetes, "Server-Side Apply", field managers). */
export const FIELD_MANAGER = 'fairlead';

/** Annotation: sequence number of the claim that wrote the object last. */
export const FENCE = 'fairlead.dev/fence';

/** The fence of the last write to `object`; 0 where it has none, below every claim's. */
export function fenceOf(object: LiveObject): number {
  return Number(object.metadata?.annotations?.[FENCE] ?? 0) || 0;
}

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  op: 'test' | 'replace' | 'remove';
  path: string;
  value?: unknown;
}

/**
 * The patch that turns what we own by having created the object into what we own by having applied it, so that a
 * later apply can take fields away again (as client-go's csaupgrade does). Undefined where there is nothing to turn.
 *
 * Server-side apply has no "only if absent": two writers that both saw nothing would both succeed. So objects are
 * created by POST, of which exactly one succeeds, and their fields are adopted by this.
 */
export function adoption(object: LiveObject): PatchOperation[] | undefined {
  const entries = object.metadata?.managedFields ?? [];
  const created = entries.findIndex((entry) => isOurs(entry) && entry.operation === 'Update');
  if (created < 0) return undefined;
  const path = `/metadata/managedFields/${created}`;
  const applied = entries.some((entry) => isOurs(entry) && entry.operation === 'Apply');
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata?.resourceVersion },
    applied ? { op: 'remove', path } : { op: 'replace', path: `${path}/operation`, value: 'Apply' },
  ];
}

/** Whether `field`, as a conflict names it, is one that we own now, alone or together with others. */
export function ownsField(object: LiveObject, field: string): boolean {
  const keys = fieldKeys(field);
  return (object.metadata?.managedFields ?? []).some((entry) => isOurs(entry) && holds(entry.fieldsV1, keys));
}

function isOurs(entry: ManagedFieldsEntry): boolean {
  return entry.manager === FIELD_MANAGER && !entry.subresource;
}

/**
 * `.spec.containers[name="web"].image` as the keys of a FieldsV1 tree: `f:spec`, `f:containers`,
 * `k:{"name":"web"}`, `f:image` (structured-merge-diff, fieldpath/pathelement.go).
 */
function fieldKeys(field: string): string[] {
  return [...field.matchAll(/\[((?:"(?:\\.|[^"\\])*"|[^\]"])*)\]|\.([^.[]+)/g)].map(([, selector, name]) =>
    selector === undefined ? `f:${name}` : selectorKey(selector),
  );
}

function selectorKey(selector: string): string {
  const pairs = [...selector.matchAll(/([\w-]+)=("(?:\\.|[^"\\])*"|[^,]+)/g)].map(
    ([, key, value]) => `${JSON.stringify(key)}:${value}`,
  );
  return pairs.length > 0 ? `k:{${pairs.join(',')}}` : `v:${selector.replace(/^=/, '')}`;
}

function holds(tree: unknown, [key, ...rest]: string[]): boolean {
  if (key === undefined) return true;
  if (tree === null || typeof tree !== 'object') return false;
  // A name with dots (`fairlead.dev/fence`) comes in pieces: the longest key that fits is the one.
  const found = Object.entries(tree).find(([name]) => name === key);
  if (found) return holds(found[1], rest);
  const [next, ...others] = rest;
  return next?.startsWith('f:') === true && holds(tree, [`${key}.${next.slice(2)}`, ...others]);
}
