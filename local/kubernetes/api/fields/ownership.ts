import type { KubernetesObject, ManagedFieldsEntry } from '../../object.ts';
import { sameJson, timestamp } from '../../object.ts';
import { type StatusCause, StatusError } from '../../status-error.ts';
import { type Schema, structOf } from '../schema/types.ts';
import { type Comparison, compare, fieldsOf } from './compare.ts';
import { FieldSet, printPath } from './field-set.ts';
import { decodeManagers, encodeManagers, isSameManager, type Manager } from './managers.ts';
import { mergeConfiguration, removeFields, withNamedParents } from './merge.ts';

export interface Writer {
  manager: string;
  subresource?: string;
  now: Date;
}

/** Fields that nobody owns because the server writes them. Source: apimachinery `managedfields/internal/stripmeta.go`. */
const serverOwned = new FieldSet();
for (const path of ['apiVersion', 'kind', 'metadata']) serverOwned.insert([`f:${path}`]);
for (const name of [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
])
  serverOwned.insert(['f:metadata', `f:${name}`]);

type Content = Pick<KubernetesObject, 'apiVersion' | 'kind'> & {
  metadata: { managedFields?: ManagedFieldsEntry[] };
};

/**
 * Who owns what after a create, PUT or PATCH: the writer takes what it changed from everybody.
 * Source: structured-merge-diff `merge/update.go`, `Update`.
 */
export function ownersAfterUpdate(
  before: Content | undefined,
  after: Content,
  writer: Writer,
): ManagedFieldsEntry[] {
  const schema = schemaOf(after);
  const { managedFields: given } = after.metadata;
  const isReset =
    given !== undefined &&
    (given.length === 0 || (given.length === 1 && Object.keys(given[0] ?? {}).length === 0));
  const known = isReset ? [] : decodeManagers(given?.length ? given : before?.metadata.managedFields);
  const identity = {
    manager: writer.manager,
    operation: 'Update' as const,
    apiVersion: after.apiVersion,
    ...(writer.subresource !== undefined && { subresource: writer.subresource }),
  };
  const changes = compare(contentOf(before), contentOf(after), schema);
  const mine = known.find((each) => isSameManager(each, identity));
  const others = lose(
    known.filter((each) => each !== mine),
    changes,
  );
  const previous = mine?.fields ?? new FieldSet();
  const fields = previous
    .difference(changes.removed)
    .union(changes.modified)
    .union(changes.added)
    .difference(serverOwned);
  const isChanged = !sameJson(previous.toJSON(), fields.toJSON());
  const time = isChanged ? timestamp(writer.now) : mine?.time;
  return encodeManagers([...others, { ...identity, fields, ...(time !== undefined && { time }) }]);
}

export interface Application {
  /** The object with the configuration merged in and what was given up taken away; without managedFields. */
  merged: Record<string, unknown>;
  managedFields: ManagedFieldsEntry[];
}

/**
 * Merges an applied configuration into the live object. Source: structured-merge-diff `merge/update.go`, `Apply`.
 * @throws StatusError 409 Conflict with a cause for every field that another manager owns, unless forced
 */
export function applyConfiguration(
  live: Content,
  config: Content,
  writer: Writer,
  { force }: { force: boolean },
): Application {
  const schema = schemaOf(config);
  const known = decodeManagers(live.metadata.managedFields);
  const identity = {
    manager: writer.manager,
    operation: 'Apply' as const,
    apiVersion: config.apiVersion,
    ...(writer.subresource !== undefined && { subresource: writer.subresource }),
  };
  const mine = known.find((each) => isSameManager(each, identity));
  const others = known.filter((each) => each !== mine);
  const fields = fieldsOf(contentOf(config), schema).difference(serverOwned);
  const before = contentOf(live);
  const managed = others.reduce((all, each) => all.union(each.fields), fields);
  const givenUp = withNamedParents(mine?.fields ?? new FieldSet(), schema).difference(
    withNamedParents(managed, schema),
  );
  const merged = removeFields(
    mergeConfiguration(before, contentOf(config), schema),
    givenUp,
    schema,
  ) as Record<string, unknown>;
  const changes = compare(before, merged, schema);
  if (!force) refuseConflicts(others, changes);
  const isChanged =
    mine === undefined || !sameJson(mine.fields.toJSON(), fields.toJSON()) || isAnyChange(changes);
  const time = isChanged ? timestamp(writer.now) : mine.time;
  const applier: Manager = { ...identity, fields, ...(time !== undefined && { time }) };
  return { merged, managedFields: encodeManagers([...lose(others, changes), applier]) };
}

function isAnyChange({ added, modified, removed }: Comparison): boolean {
  return !(added.isEmpty && modified.isEmpty && removed.isEmpty);
}

/** The managers without what somebody else has just written or removed. */
function lose(managers: readonly Manager[], { added, modified, removed }: Comparison): Manager[] {
  const lost = added.union(modified).union(removed);
  return managers.map((each) => ({ ...each, fields: each.fields.difference(lost) }));
}

function refuseConflicts(managers: readonly Manager[], { added, modified }: Comparison): void {
  const written = added.union(modified);
  const conflicts = managers.flatMap((each) => {
    const paths = [...each.fields.intersection(written).paths()].map(printPath);
    return paths.length === 0 ? [] : [{ name: printManager(each), paths }];
  });
  const causes: StatusCause[] = conflicts.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  if (causes.length === 0) return;
  const [first] = causes;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${first?.message}: ${first?.field}`
      : `Apply failed with ${causes.length} conflicts: ${conflicts
          .flatMap(({ name, paths }) => [`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`)])
          .join('\n')}`;
  throw new StatusError('Conflict', message, { causes });
}

function printManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = subresource === undefined ? `"${manager}"` : `"${manager}" with subresource "${subresource}"`;
  return operation === 'Apply' ? name : `${name} using ${apiVersion}`;
}

function schemaOf({ apiVersion, kind }: Pick<Content, 'apiVersion' | 'kind'>): Schema {
  return { is: 'struct', struct: structOf(apiVersion, kind), atomic: false };
}

function contentOf(object: Content | undefined): Record<string, unknown> {
  if (!object) return {};
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
