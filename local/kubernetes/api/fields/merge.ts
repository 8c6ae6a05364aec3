import type { Schema } from '../schema/types.ts';
import { indexItems } from './compare.ts';
import type { FieldSet } from './field-set.ts';
import {
  elementOf,
  isAbsent,
  isEmptyValue,
  isLeaf,
  isObject,
  type JsonObject,
  memberSchema,
} from './walk.ts';

type ListSchema = Extract<Schema, { is: 'list' }>;

/**
 * The live value with what the configuration sets. A null in the configuration takes the field away.
 * Source: structured-merge-diff `typed/merge.go`.
 */
export function mergeConfiguration(live: unknown, config: unknown, schema: Schema | undefined): unknown {
  if (config === undefined) return live;
  if (config === null) return undefined;
  if (isAbsent(live) || isLeaf(schema) || (isEmptyValue(live) && isEmptyValue(config))) return config;
  if (schema?.is === 'list') return mergeItems(live, config, schema);
  if (!isObject(live) || !isObject(config)) return config;
  const merged: JsonObject = { ...live };
  for (const [name, value] of Object.entries(config)) {
    const result = mergeConfiguration(live[name], value, memberSchema(schema, name));
    if (result === undefined) delete merged[name];
    else merged[name] = result;
  }
  return merged;
}

/** Items of both lists: those that both have in the configuration's order, those that only live is left where they are. */
function mergeItems(live: unknown, config: unknown, schema: ListSchema): unknown[] {
  const left = indexItems(live, schema);
  const right = indexItems(config, schema);
  const shared = [...right.keys()].filter((element) => left.has(element));
  const merged: unknown[] = [];
  const taken = new Set<string>();
  const take = (element: string) => {
    taken.add(element);
    merged.push(mergeConfiguration(left.get(element), right.get(element), schema.items));
  };
  // The places of shared items are filled in the configuration's order; its new items follow the item before them.
  const order = [...right.keys()];
  for (const element of left.keys()) {
    if (!right.has(element)) take(element);
    else takeThrough(order, shared.shift() ?? element, taken, take);
  }
  for (const element of order) if (!taken.has(element)) take(element);
  return merged;
}

/** Takes what the configuration lists before an item, then the item. */
function takeThrough(
  order: readonly string[],
  last: string,
  taken: ReadonlySet<string>,
  take: (element: string) => void,
): void {
  for (const element of order.slice(0, order.indexOf(last) + 1)) if (!taken.has(element)) take(element);
}

/** The value without the members of the set and all that is in them. Source: structured-merge-diff `typed/remove.go`. */
export function removeFields(value: unknown, set: FieldSet, schema: Schema | undefined): unknown {
  if (set.children.size === 0 || isLeaf(schema)) return value;
  if (schema?.is === 'list' && Array.isArray(value)) {
    return value.flatMap((item) => {
      const subset = set.children.get(elementOf(schema.merge, schema.items, item));
      return subset?.member ? [] : [subset ? removeFields(item, subset, schema.items) : item];
    });
  }
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const subset = set.children.get(`f:${name}`);
    if (!subset?.member)
      kept[name] = subset ? removeFields(member, subset, memberSchema(schema, name)) : member;
  }
  return kept;
}

/** The set with every declared field on the way to a member as a member too. Source: `EnsureNamedFieldsAreMembers`. */
export function withNamedParents(set: FieldSet, schema: Schema | undefined): FieldSet {
  const result = set.union(set);
  for (const [element, child] of result.children) {
    const isField = element.startsWith('f:');
    const inner = isField
      ? memberSchema(schema, element.slice(2))
      : schema?.is === 'list'
        ? schema.items
        : undefined;
    const ensured = withNamedParents(child, inner);
    if (isField && schema?.is === 'struct' && inner !== undefined) ensured.member = true;
    result.children.set(element, ensured);
  }
  return result;
}
