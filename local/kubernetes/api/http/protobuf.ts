import { StatusError } from '../../status-error.ts';
import {
  type Field,
  type ScalarType,
  type Schema,
  type Struct,
  structNamed,
  structOf,
} from '../schema/types.ts';

/** kubectl's `create` and `auth can-i` send `k8s\0` and a runtime.Unknown. Source: apimachinery `runtime/serializer/protobuf`. */
export const protobufType = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from('k8s\0');

type Json = Record<string, unknown>;

/** One field as it is on the wire: its number and its content, a number or bytes. */
interface WireField {
  number: number;
  value: bigint | Buffer;
}

/**
 * Reads an object from Kubernetes' protobuf encoding into the JSON that says the same.
 * @throws StatusError 400 BadRequest
 */
export function decodeProtobuf(body: Buffer): Json {
  if (!body.subarray(0, magic.length).equals(magic))
    throw malformed('provided data does not appear to be a protobuf message');
  try {
    return decodeUnknown(body.subarray(magic.length));
  } catch (error) {
    // Bytes where a number should be, an unknown type, text that is no JSON: it is the client's message that is wrong.
    throw error instanceof StatusError ? error : malformed(`the protobuf message cannot be read: ${error}`);
  }
}

function decodeUnknown(body: Buffer): Json {
  const envelope = [...wireFields(body)];
  const typeMeta = [...wireFields(bytesOf(envelope, 1))];
  const apiVersion = bytesOf(typeMeta, 1).toString();
  const kind = bytesOf(typeMeta, 2).toString();
  // Every group has DeleteOptions, all of the same type.
  const struct = kind === 'DeleteOptions' ? structNamed('meta.v1.DeleteOptions') : structOf(apiVersion, kind);
  return { apiVersion, kind, ...decodeMessage(bytesOf(envelope, 2), struct) };
}

function bytesOf(fields: readonly WireField[], number: number): Buffer {
  const value = fields.find((field) => field.number === number)?.value;
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

function decodeMessage(body: Buffer, struct: Struct): Json {
  const result: Json = {};
  const byNumber = new Map([...struct.fields.values()].map((field) => [field.number, field]));
  for (const { number, value } of wireFields(body)) {
    const inlined = struct.inlined.find((each) => each.number === number);
    if (inlined) Object.assign(result, decodeMessage(value as Buffer, inlined.struct));
    const field = byNumber.get(number);
    if (field) addValue(result, field, value);
  }
  return result;
}

function addValue(result: Json, { name, schema }: Field, value: bigint | Buffer): void {
  if (schema.is === 'list') {
    result[name] = [...((result[name] as unknown[] | undefined) ?? []), decodeValue(value, schema.items)];
  } else if (schema.is === 'map') {
    const entry = [...wireFields(value as Buffer)];
    const inner = entry.find((field) => field.number === 2)?.value ?? Buffer.alloc(0);
    result[name] = {
      ...(result[name] as Json | undefined),
      [bytesOf(entry, 1).toString()]: decodeValue(inner, schema.values),
    };
  } else result[name] = decodeValue(value, schema);
}

function decodeValue(value: bigint | Buffer, schema: Schema): unknown {
  if (schema.is === 'struct') return decodeMessage(value as Buffer, schema.struct);
  // A list as a map's value is wrapped in a message with one repeated field.
  if (schema.is === 'list')
    return [...wireFields(value as Buffer)].map((item) => decodeValue(item.value, schema.items));
  return schema.is === 'scalar' ? decodeScalar(value, schema.type) : undefined;
}

function decodeScalar(value: bigint | Buffer, type: ScalarType): unknown {
  switch (type) {
    case 'bool':
      return value === 1n;
    case 'int32':
    case 'int64':
      return Number(BigInt.asIntN(64, value as bigint));
    case 'bytes':
      return (value as Buffer).toString('base64');
    case 'quantity':
      return bytesOf([...wireFields(value as Buffer)], 1).toString();
    case 'intOrString':
      return decodeIntOrString([...wireFields(value as Buffer)]);
    case 'time':
    case 'microTime':
      return decodeTime([...wireFields(value as Buffer)]);
    case 'any':
      return JSON.parse(bytesOf([...wireFields(value as Buffer)], 1).toString() || 'null');
    default:
      return (value as Buffer).toString();
  }
}

function decodeIntOrString(fields: readonly WireField[]): number | string {
  const number = (of: number) => fields.find((field) => field.number === of)?.value ?? 0n;
  return number(1) === 1n ? bytesOf(fields, 3).toString() : Number(BigInt.asIntN(32, number(2) as bigint));
}

function decodeTime(fields: readonly WireField[]): string | null {
  const seconds = fields.find((field) => field.number === 1)?.value;
  // Go's zero time is sent as no seconds at all.
  if (typeof seconds !== 'bigint') return null;
  return `${new Date(1000 * Number(BigInt.asIntN(64, seconds))).toISOString().slice(0, 19)}Z`;
}

function* wireFields(body: Buffer): Generator<WireField> {
  let offset = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = body[offset];
      if (byte === undefined || shift > 63n) throw malformed('truncated protobuf message');
      offset += 1;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
  };
  const bytes = (length: number): Buffer => {
    if (offset + length > body.length) throw malformed('truncated protobuf message');
    offset += length;
    return body.subarray(offset - length, offset);
  };
  while (offset < body.length) {
    const key = Number(varint());
    const number = key >> 3;
    // Wire types: 0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes.
    if ((key & 7) === 0) yield { number, value: varint() };
    else if ((key & 7) === 2) yield { number, value: bytes(Number(varint())) };
    else if ((key & 7) === 1) yield { number, value: bytes(8) };
    else if ((key & 7) === 5) yield { number, value: bytes(4) };
    else throw malformed(`unknown protobuf wire type ${key & 7}`);
  }
}

function malformed(cause: string): StatusError {
  return new StatusError('BadRequest', cause);
}
