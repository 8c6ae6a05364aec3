import type { ManagedFieldsEntry } from '../../object.ts';
import { FieldSet } from './field-set.ts';

/** One writer of an object and the fields that it owns. */
export interface Manager {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource?: string;
  time?: string;
  fields: FieldSet;
}

export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map(({ fieldsV1, fieldsType: _, ...rest }) => ({
    ...rest,
    fields: decodeFields(fieldsV1),
  }));
}

/** Ordered as the API server does: appliers first, then by time and name. */
export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  return managers
    .filter(({ fields }) => !fields.isEmpty)
    .toSorted(byRank)
    .map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
      manager,
      operation,
      apiVersion,
      ...(time !== undefined && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: fields.toJSON(),
      ...(subresource !== undefined && { subresource }),
    }));
}

/** Whether two entries are the same writer: an applier keeps its entry over API versions, an updater does not. */
export function isSameManager(left: Manager, right: Omit<Manager, 'fields'>): boolean {
  return (
    left.manager === right.manager &&
    left.operation === right.operation &&
    left.subresource === right.subresource &&
    (left.operation === 'Apply' || left.apiVersion === right.apiVersion)
  );
}

function decodeFields(fieldsV1: Record<string, unknown> | undefined): FieldSet {
  const set = FieldSet.fromJSON(fieldsV1 ?? {});
  // The root is no field: an empty object here is the empty set.
  set.member = false;
  return set;
}

function byRank(left: Manager, right: Manager): number {
  const rank = ({ operation, time = '', manager, apiVersion, subresource = '' }: Manager) => [
    operation,
    time,
    manager,
    apiVersion,
    subresource,
  ];
  const [ours, theirs] = [rank(left), rank(right)];
  for (const [index, text] of ours.entries()) {
    const other = theirs[index] ?? '';
    if (text !== other) return text < other ? -1 : 1;
  }
  return 0;
}
