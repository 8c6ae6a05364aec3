import { sameJson } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { isObject, type JsonObject } from '../fields/walk.ts';
import type { ListPatch, Schema, Struct } from '../schema/types.ts';

/** Directives in a patch. Source: Kubernetes "Strategic Merge Patch", apimachinery `util/strategicpatch`. */
const directive = {
  patch: '$patch',
  retainKeys: '$retainKeys',
  order: '$setElementOrder/',
  deleteItems: '$deleteFromPrimitiveList/',
};

/** What the schema says of a field, for a patch. */
interface Place {
  schema: Schema | undefined;
  patch: ListPatch | undefined;
}

/**
 * Applies a strategic merge patch: lists whose type has a merge key are merged by it.
 * @throws StatusError 400 BadRequest for a directive that is none
 */
export function strategicMerge(original: JsonObject, patch: JsonObject, struct: Struct): JsonObject {
  return mergeStruct(original, patch, { is: 'struct', struct, atomic: false });
}

function mergeStruct(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const how = patch[directive.patch];
  if (how === 'delete') return {};
  if (how === 'replace') return withoutDirectives(patch);
  if (how !== undefined && how !== 'merge')
    throw new StatusError('BadRequest', `Unknown patch type found: ${how}`);
  const result = retained(original, patch);
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (value === null) delete result[name];
    else result[name] = mergeValue(result[name], value, placeOf(schema, name));
  }
  for (const [name, value] of Object.entries(patch)) applyListDirective(result, name, value, schema);
  return result;
}

function mergeValue(original: unknown, patch: unknown, place: Place): unknown {
  if (isObject(patch)) {
    // Without an original there is nothing to merge with, but the directives still go.
    return mergeStruct(isObject(original) ? original : {}, patch, place.schema);
  }
  if (!Array.isArray(patch) || place.schema?.is !== 'list') return patch;
  if (!place.patch?.strategies.includes('merge')) return patch;
  const items = Array.isArray(original) ? original : [];
  const { key } = place.patch;
  return key === undefined ? mergeSet(items, patch) : mergeByKey(items, patch, key, place.schema.items);
}

function mergeSet(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return [...original, ...patch.filter((item) => !original.some((each) => sameJson(each, item)))];
}

function mergeByKey(
  original: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  items: Schema,
): unknown[] {
  const changes = patch.filter(isObject);
  if (changes.some((item) => item[directive.patch] === 'replace')) {
    return changes.filter((item) => item[directive.patch] !== 'replace').map(withoutDirectives);
  }
  let result = original.filter(isObject);
  for (const change of changes) {
    if (change[key] === undefined)
      throw new StatusError(
        'BadRequest',
        `map: ${JSON.stringify(change)} does not contain declared merge key: ${key}`,
      );
    const index = result.findIndex((item) => sameJson(item[key], change[key]));
    if (change[directive.patch] === 'delete')
      result = result.filter((item) => !sameJson(item[key], change[key]));
    else if (index < 0) result.push(mergeStruct({}, change, items));
    else result = result.with(index, mergeStruct(result[index] ?? {}, change, items));
  }
  return result;
}

/** `$retainKeys` lists the fields that stay; the others are cleared. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[directive.retainKeys];
  if (!Array.isArray(keys)) return { ...original };
  return Object.fromEntries(Object.entries(original).filter(([name]) => keys.includes(name)));
}

function applyListDirective(
  result: JsonObject,
  name: string,
  value: unknown,
  schema: Schema | undefined,
): void {
  if (!Array.isArray(value)) return;
  if (name.startsWith(directive.deleteItems)) {
    const field = name.slice(directive.deleteItems.length);
    const items = result[field];
    if (Array.isArray(items))
      result[field] = items.filter((item) => !value.some((each) => sameJson(each, item)));
  }
  if (name.startsWith(directive.order)) {
    const field = name.slice(directive.order.length);
    const items = result[field];
    const { key } = placeOf(schema, field).patch ?? {};
    if (Array.isArray(items)) result[field] = ordered(items, value, key);
  }
}

/** Items in the order that the patch gives; those that it does not name stay behind the item they follow. */
function ordered(items: readonly unknown[], order: readonly unknown[], key: string | undefined): unknown[] {
  const identity = (item: unknown) => JSON.stringify(key === undefined || !isObject(item) ? item : item[key]);
  const wanted = order.map(identity);
  const rank = (item: unknown) => wanted.indexOf(identity(item));
  const named = items.filter((item) => rank(item) >= 0).toSorted((a, b) => rank(a) - rank(b));
  const result: unknown[] = [];
  for (const item of items) {
    if (rank(item) < 0) result.push(item);
    else result.push(named.shift());
  }
  return result;
}

function placeOf(schema: Schema | undefined, name: string): Place {
  if (schema?.is === 'map') return { schema: schema.values, patch: undefined };
  const field = schema?.is === 'struct' ? schema.struct.fields.get(name) : undefined;
  return { schema: field?.schema, patch: field?.patch };
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([name]) => !name.startsWith('$')));
}
