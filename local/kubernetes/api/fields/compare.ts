import { sameJson } from '../../object.ts';
import type { Schema } from '../schema/types.ts';
import { FieldSet } from './field-set.ts';
import { canBeNil, elementOf, isAbsent, isEmptyValue, isLeaf, isObject, memberSchema } from './walk.ts';

/** Which fields a write changed. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** Compares two versions of an object. Source: structured-merge-diff `typed/compare.go`. */
export function compare(before: unknown, after: unknown, schema: Schema): Comparison {
  const result = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compareMembers(before, after, schema, [], result);
  return result;
}

function compareValues(
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
  path: readonly string[],
  result: Comparison,
): void {
  if (isAbsent(before) && isAbsent(after)) return;
  if (isLeaf(schema) || (isEmptyValue(before) && isEmptyValue(after))) {
    compareLeaves(before, after, path, result);
    return;
  }
  if (schema?.is === 'list') compareItems(before, after, schema, path, result);
  else compareMembers(before, after, schema, path, result);
  if (isAbsent(before)) result.added.insert(path);
  else if (isAbsent(after)) result.removed.insert(path);
}

function compareLeaves(before: unknown, after: unknown, path: readonly string[], result: Comparison): void {
  if (isAbsent(before)) result.added.insert(path);
  else if (isAbsent(after)) result.removed.insert(path);
  else if (!sameJson(before, after)) result.modified.insert(path);
}

function compareMembers(
  before: unknown,
  after: unknown,
  schema: Schema | undefined,
  path: readonly string[],
  result: Comparison,
): void {
  const [left, right] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const member = memberSchema(schema, name);
    // In a struct that is there, what cannot be nil is there too.
    const zero = isLeaf(member) || canBeNil(schema, name) ? undefined : member?.is === 'list' ? [] : {};
    const valueIn = (parent: unknown, value: unknown) => value ?? (isAbsent(parent) ? undefined : zero);
    const [was, is] = [valueIn(before, left[name]), valueIn(after, right[name])];
    compareValues(was, is, member, [...path, `f:${name}`], result);
  }
}

function compareItems(
  before: unknown,
  after: unknown,
  schema: Extract<Schema, { is: 'list' }>,
  path: readonly string[],
  result: Comparison,
): void {
  const left = indexItems(before, schema);
  const right = indexItems(after, schema);
  for (const element of new Set([...left.keys(), ...right.keys()]))
    compareValues(left.get(element), right.get(element), schema.items, [...path, element], result);
}

/** The items of a list by what identifies them; of duplicates the last one. */
export function indexItems(list: unknown, schema: Extract<Schema, { is: 'list' }>): Map<string, unknown> {
  const items = Array.isArray(list) ? list : [];
  return new Map(items.map((item) => [elementOf(schema.merge, schema.items, item), item]));
}

/** The fields that a configuration sets. Source: structured-merge-diff `typed/tofieldset.go`. */
export function fieldsOf(value: unknown, schema: Schema): FieldSet {
  const set = new FieldSet();
  collect(value, schema, [], set);
  return set;
}

function collect(value: unknown, schema: Schema | undefined, path: readonly string[], set: FieldSet): void {
  if (isLeaf(schema)) {
    if (path.length > 0) set.insert(path);
    return;
  }
  if (schema?.is === 'list') {
    for (const [element, item] of indexItems(value, schema)) {
      collect(item, schema.items, [...path, element], set);
      set.insert([...path, element]);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const memberPath = [...path, `f:${name}`];
    collect(member, memberSchema(schema, name), memberPath, set);
    if (member === null || (isObject(member) && isEmptyValue(member)) || schema?.is === 'map')
      set.insert(memberPath);
  }
}
