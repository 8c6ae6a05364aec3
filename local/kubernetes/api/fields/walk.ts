import { StatusError } from '../../status-error.ts';
import type { ListMerge, Schema } from '../schema/types.ts';

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Whether a value is owned as a whole. What the schema does not know is. */
export function isLeaf(schema: Schema | undefined): boolean {
  if (schema === undefined || schema.is === 'scalar') return true;
  return schema.is === 'list' ? schema.merge.by === 'atomic' : schema.atomic;
}

export function isEmptyValue(value: unknown): boolean {
  if (isAbsent(value)) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/** What the schema says of a member of a struct or map; undefined when it knows no such field. */
export function memberSchema(schema: Schema | undefined, name: string): Schema | undefined {
  if (schema?.is === 'map') return schema.values;
  if (schema?.is !== 'struct') return undefined;
  const field = schema.struct.fields.get(name);
  if (field) return field.schema;
  return schema.struct.typed && (name === 'apiVersion' || name === 'kind')
    ? { is: 'scalar', type: 'string' }
    : undefined;
}

/** Go always has a struct in its place, and a field without omitempty: only what may be nil can be absent. */
export function canBeNil(schema: Schema | undefined, name: string): boolean {
  const field = schema?.is === 'struct' ? schema.struct.fields.get(name) : undefined;
  if (!field) return true;
  return field.schema.is === 'struct' ? field.pointer : field.omitempty;
}

/**
 * What tells an item of a list from the others: `k:{"containerPort":80,"protocol":"TCP"}`.
 * @throws StatusError when the item leaves out a key that has no default
 */
export function elementOf(merge: ListMerge, items: Schema, item: unknown): string {
  if (merge.by !== 'keys' || items.is !== 'struct') return `v:${JSON.stringify(item)}`;
  const keys: JsonObject = {};
  for (const key of [...merge.keys].sort()) {
    const value = (isObject(item) ? item[key] : undefined) ?? items.struct.fields.get(key)?.default;
    if (value === undefined)
      throw new StatusError(
        'BadRequest',
        `associative list with keys has an element that omits key field "${key}"`,
      );
    keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}
