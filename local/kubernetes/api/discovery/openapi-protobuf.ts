import type { openapiV2 } from './openapi.ts';

/** What kubectl up to 1.27 takes as OpenAPI, and nothing else. */
export const openapiProtobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

type Json = Record<string, unknown>;

/** The OpenAPI 2.0 document in protobuf. Source: google/gnostic `openapiv2/OpenAPIv2.proto`, whose field numbers these are. */
export function encodeOpenapi(document: ReturnType<typeof openapiV2>): Buffer {
  const { swagger, info, paths, definitions } = document;
  return Buffer.concat([
    text(1, swagger),
    message(2, text(1, info.title), text(2, info.version)),
    message(8, ...Object.entries(paths).map(([path, item]) => named(2, path, pathItem(item as Json)))),
    message(9, ...Object.entries(definitions).map(([name, each]) => named(1, name, schema(each as Json)))),
  ]);
}

function schema(json: Json): Buffer {
  const { $ref, format, description, required, additionalProperties, type, items, properties } = json;
  return Buffer.concat([
    text(1, $ref),
    text(2, format),
    text(4, description),
    ...((required ?? []) as string[]).map((name) => text(19, name)),
    ...(additionalProperties ? [message(21, message(1, schema(additionalProperties as Json)))] : []),
    ...(type ? [message(22, text(1, type))] : []),
    ...(items ? [message(23, message(1, schema(items as Json)))] : []),
    ...(properties
      ? [
          message(
            25,
            ...Object.entries(properties).map(([name, each]) => named(1, name, schema(each as Json))),
          ),
        ]
      : []),
    ...extensions(31, json),
  ]);
}

const operations: Record<string, number> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function pathItem(json: Json): Buffer {
  const parts = Object.entries(operations).filter(([method]) => json[method] !== undefined);
  return Buffer.concat(parts.map(([method, number]) => message(number, operation(json[method] as Json))));
}

function operation(json: Json): Buffer {
  const parameters = json.parameters as { name: string; in: string; type: string }[];
  // Parameter, NonBodyParameter and QueryParameterSubSchema are nested, each in a union of its own.
  const query = parameters.map((each) =>
    message(8, message(1, message(2, message(3, text(2, each.in), text(4, each.name), text(6, each.type))))),
  );
  return Buffer.concat([text(5, json.operationId), ...query, ...extensions(13, json)]);
}

/** Extensions are kept as YAML, which JSON is. */
function extensions(number: number, json: Json): Buffer[] {
  return Object.entries(json)
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, value]) => named(number, name, text(2, `${JSON.stringify(value)}\n`)));
}

/** An entry of a map, which is a message of a name and a value. */
function named(number: number, name: string, value: Buffer): Buffer {
  return message(number, text(1, name), message(2, value));
}

function text(number: number, value: unknown): Buffer {
  return typeof value === 'string' && value !== '' ? message(number, Buffer.from(value)) : Buffer.alloc(0);
}

/** A field of wire type 2: its key, its length, its bytes. */
function message(number: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
