import { StatusError } from '../../status-error.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Field, ScalarType, Schema, Struct } from './types.ts';

export interface Decoded {
  value: Record<string, unknown>;
  /** Fields that the kind does not have, as paths; they are left out of the value. */
  unknown: string[];
}

/**
 * Reads a JSON object as the Go decoder of the API server does: checks types, leaves out unknown fields, nulls and
 * empty values of fields that are omitted when empty, and writes quantities in their canonical form.
 * @throws StatusError 400 BadRequest when a value has the wrong type
 */
export function decode(json: unknown, struct: Struct): Decoded {
  return decodeWith(json, struct, false);
}

/** The same, but empty values and nulls stay: an applied configuration owns them too. */
export function decodeConfiguration(json: unknown, struct: Struct): Decoded {
  return decodeWith(json, struct, true);
}

/** What is found on the way through an object. */
interface Progress {
  unknown: string[];
  keepsEmpty: boolean;
}

function decodeWith(json: unknown, struct: Struct, keepsEmpty: boolean): Decoded {
  const progress: Progress = { unknown: [], keepsEmpty };
  return { value: decodeStruct(json, struct, '', progress), unknown: progress.unknown };
}

function decodeStruct(
  json: unknown,
  struct: Struct,
  path: string,
  progress: Progress,
): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw wrongType(json, path, struct.name);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(json)) {
    const inner = path === '' ? name : `${path}.${name}`;
    const field = struct.fields.get(name);
    if (field) setField(result, field, member, inner, progress);
    else if (struct.typed && (name === 'apiVersion' || name === 'kind')) result[name] = member;
    else progress.unknown.push(inner);
  }
  return result;
}

function setField(
  result: Record<string, unknown>,
  field: Field,
  json: unknown,
  path: string,
  progress: Progress,
): void {
  if (json === null && progress.keepsEmpty) result[field.name] = null;
  if (json === null || json === undefined) return;
  const value = decodeValue(json, field.schema, path, progress);
  if (field.omitempty && !progress.keepsEmpty && isOmitted(field, value)) return;
  result[field.name] = value;
}

/** What `omitempty` leaves out: nothing of a pointer or a struct, else the zero value. */
function isOmitted({ pointer, schema }: Field, value: unknown): boolean {
  if (pointer || schema.is === 'struct') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (schema.is === 'map') return Object.keys(value as object).length === 0;
  if (schema.is === 'scalar' && (schema.type === 'intOrString' || schema.type === 'any')) return false;
  return value === '' || value === 0 || value === false;
}

function decodeValue(json: unknown, schema: Schema, path: string, progress: Progress): unknown {
  if (schema.is === 'struct') return decodeStruct(json, schema.struct, path, progress);
  if (schema.is === 'list') {
    if (!Array.isArray(json)) throw wrongType(json, path, 'list');
    return json.map((item, index) =>
      decodeValue(item ?? zeroOf(schema.items), schema.items, `${path}[${index}]`, progress),
    );
  }
  if (schema.is === 'map') {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrongType(json, path, 'map');
    const entries = Object.entries(json).map(([name, value]) => {
      const inner = `${path}.${name}`;
      return [name, decodeValue(value ?? zeroOf(schema.values), schema.values, inner, progress)] as const;
    });
    return Object.fromEntries(entries);
  }
  return decodeScalar(json, schema.type, path);
}

function zeroOf(schema: Schema): unknown {
  if (schema.is === 'list') return [];
  return schema.is === 'scalar' ? (schema.type === 'int32' || schema.type === 'int64' ? 0 : '') : {};
}

function decodeScalar(json: unknown, type: ScalarType, path: string): unknown {
  const isWhole = typeof json === 'number' && Number.isInteger(json);
  switch (type) {
    case 'any':
      return json;
    case 'bool':
      if (typeof json === 'boolean') return json;
      break;
    case 'int32':
    case 'int64':
      if (isWhole) return json;
      break;
    case 'intOrString':
      if (isWhole || typeof json === 'string') return json;
      break;
    case 'quantity': {
      const canonical =
        typeof json === 'string' || typeof json === 'number' ? canonicalQuantity(String(json)) : undefined;
      if (canonical !== undefined) return canonical;
      throw new StatusError(
        'BadRequest',
        `unable to parse quantity's suffix or value: ${JSON.stringify(json)} (${path})`,
      );
    }
    case 'time':
    case 'microTime':
      if (typeof json === 'string' && !Number.isNaN(Date.parse(json))) return json;
      break;
    default:
      if (typeof json === 'string') return json;
  }
  throw wrongType(json, path, type);
}

function wrongType(json: unknown, path: string, type: string): StatusError {
  const given = Array.isArray(json)
    ? 'array'
    : json === null
      ? 'null'
      : typeof json === 'boolean'
        ? 'bool'
        : typeof json;
  return new StatusError(
    'BadRequest',
    `json: cannot unmarshal ${given} into Go struct field ${path} of type ${type}`,
  );
}
