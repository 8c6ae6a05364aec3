import { apiVersionOf, type Kind, kinds } from '../kinds.ts';
import {
  type Field,
  type ScalarType,
  type Schema,
  type Struct,
  structNamed,
  structOf,
} from '../schema/types.ts';

/** The two dialects differ in where definitions live, and in what a value of several types is. */
export interface Dialect {
  prefix: string;
  scalars: Record<ScalarType, object>;
}

const common = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bytes: { type: 'string', format: 'byte' },
  any: { type: 'object' },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
};

/** OpenAPI 2.0 (`/openapi/v2`) */
export const swagger: Dialect = {
  prefix: '#/definitions/',
  scalars: {
    ...common,
    intOrString: { type: 'string', format: 'int-or-string' },
    quantity: { type: 'string' },
  },
};

/** OpenAPI 3.0 (`/openapi/v3`) */
export const openapi3: Dialect = {
  prefix: '#/components/schemas/',
  scalars: {
    ...common,
    intOrString: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
    quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
};

/** `io.k8s.api.core.v1.Container` for `core.v1.Container`. */
export function definitionName(struct: string): string {
  return struct.startsWith('meta.v1.') ? `io.k8s.apimachinery.pkg.apis.${struct}` : `io.k8s.api.${struct}`;
}

/** Schemas of the kinds, of their lists and of all that is in them. */
export function definitions(of: readonly Kind[], dialect: Dialect): Record<string, object> {
  const result: Record<string, object> = {};
  const pending: Struct[] = [structNamed('meta.v1.DeleteOptions')];
  for (const kind of of) {
    const struct = structOf(apiVersionOf(kind), kind.kind);
    pending.push(struct);
    if (kind.stored) result[`${definitionName(struct.name)}List`] = listOf(kind, struct, dialect);
    if (kind.subresources.includes('scale')) pending.push(structNamed('autoscaling.v1.Scale'));
  }
  for (let struct = pending.pop(); struct; struct = pending.pop()) {
    const name = definitionName(struct.name);
    if (result[name]) continue;
    result[name] = definition(struct, dialect);
    for (const field of struct.fields.values()) pending.push(...structsIn(field.schema));
  }
  return result;
}

function structsIn(schema: Schema): Struct[] {
  if (schema.is === 'struct') return [schema.struct];
  if (schema.is === 'list') return structsIn(schema.items);
  return schema.is === 'map' ? structsIn(schema.values) : [];
}

const typeMeta = { apiVersion: { type: 'string' }, kind: { type: 'string' } };

function definition(struct: Struct, dialect: Dialect): object {
  const fields = [...struct.fields.values()];
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const properties = Object.fromEntries(fields.map((field) => [field.name, property(field, dialect)]));
  const types = groupVersionKinds(struct);
  return {
    type: 'object',
    properties: struct.typed ? { ...typeMeta, ...properties } : properties,
    ...(required.length > 0 && { required }),
    ...(struct.atomic && { 'x-kubernetes-map-type': 'atomic' }),
    ...(types.length > 0 && { 'x-kubernetes-group-version-kind': types }),
  };
}

function property({ schema, patch }: Field, dialect: Dialect): object {
  return {
    ...shape(schema, dialect),
    ...(patch && { 'x-kubernetes-patch-strategy': patch.strategies.join(',') }),
    ...(patch?.key !== undefined && { 'x-kubernetes-patch-merge-key': patch.key }),
  };
}

function shape(schema: Schema, dialect: Dialect): object {
  switch (schema.is) {
    case 'scalar':
      return dialect.scalars[schema.type];
    case 'struct':
      return { $ref: `${dialect.prefix}${definitionName(schema.struct.name)}` };
    case 'map':
      return {
        type: 'object',
        additionalProperties: shape(schema.values, dialect),
        ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
      };
    case 'list':
      return { type: 'array', items: shape(schema.items, dialect), ...listType(schema.merge) };
  }
}

function listType(merge: Extract<Schema, { is: 'list' }>['merge']): object {
  if (merge.by === 'atomic') return {};
  if (merge.by === 'set') return { 'x-kubernetes-list-type': 'set' };
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': merge.keys };
}

function listOf(kind: Kind, struct: Struct, dialect: Dialect): object {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta,
      metadata: { type: 'object' },
      items: { type: 'array', items: { $ref: `${dialect.prefix}${definitionName(struct.name)}` } },
    },
    'x-kubernetes-group-version-kind': [
      { group: kind.group, version: kind.version, kind: `${kind.kind}List` },
    ],
  };
}

function groupVersionKinds({ name, typed }: Struct): object[] {
  if (!typed) return [];
  if (name === 'autoscaling.v1.Scale') return [{ group: 'autoscaling', version: 'v1', kind: 'Scale' }];
  // Every group has its own DeleteOptions; clients look them up by kind.
  if (name === 'meta.v1.DeleteOptions') return [{ group: '', version: 'v1', kind: 'DeleteOptions' }];
  const kind = kinds.find((each) => structOf(apiVersionOf(each), each.kind).name === name);
  return kind ? [{ group: kind.group, version: kind.version, kind: kind.kind }] : [];
}
