import { parse } from 'yaml';
import type { KubernetesObject } from '../../object.ts';
import { StatusError } from '../../status-error.ts';
import { isObject, type JsonObject } from '../fields/walk.ts';
import { apiVersionOf, type Kind } from '../kinds.ts';
import { type Decoded, decode } from '../schema/decode.ts';
import { structOf } from '../schema/types.ts';
import type { Call } from './call.ts';
import { decodeProtobuf, protobufType } from './protobuf.ts';

/** What a request carries, once decoded. */
export interface Content {
  object: KubernetesObject;
  /** For the answer's Warning headers. */
  warnings: string[];
}

/** The media type without its parameters. */
export function mediaType({ headers }: Call): string {
  return (headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';
}

/** The body as JSON; undefined when there is none. @throws StatusError 400 BadRequest, 415 UnsupportedMediaType */
export async function readJson(call: Call): Promise<unknown> {
  const body = await call.body();
  if (body.length === 0) return undefined;
  const type = mediaType(call);
  if (type === protobufType) return decodeProtobuf(body);
  const isYaml = type.includes('yaml');
  if (!isYaml && !type.includes('json') && type !== '*/*')
    throw new StatusError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${protobufType}`,
    );
  return parseText(body.toString(), isYaml);
}

function parseText(text: string, isYaml: boolean): unknown {
  try {
    return isYaml ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw new StatusError(
      'BadRequest',
      `the object provided is unrecognized: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * Reads the JSON of an object of that kind; `fieldValidation` says what becomes of fields that the kind does not have.
 * @throws StatusError 400 BadRequest
 */
export function readObject(call: Call, kind: Kind, json: unknown, decoder = decode): Content {
  if (!isObject(json))
    throw new StatusError('BadRequest', 'the object provided is unrecognized: it is no object');
  const apiVersion = apiVersionOf(kind);
  checkType(json, apiVersion, kind.kind);
  const title = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
  const { value, unknown } = titled(title, () => decoder(json, structOf(apiVersion, kind.kind)));
  const problems = unknown.map((path) => `unknown field "${path}"`);
  const validation = call.query.get('fieldValidation') ?? 'Warn';
  if (validation === 'Strict' && problems.length > 0)
    throw new StatusError('BadRequest', `${title}: strict decoding error: ${problems.join(', ')}`);
  const object = {
    ...value,
    apiVersion,
    kind: kind.kind,
    metadata: value.metadata ?? {},
  } as KubernetesObject;
  return { object, warnings: validation === 'Warn' ? problems : [] };
}

/** Errors of the decoder begin with what was being decoded. */
function titled(title: string, decoding: () => Decoded): Decoded {
  try {
    return decoding();
  } catch (error) {
    if (error instanceof StatusError) throw new StatusError(error.reason, `${title}: ${error.message}`);
    throw error;
  }
}

function checkType(json: JsonObject, apiVersion: string, kind: string): void {
  if (json.kind !== undefined && json.kind !== '' && json.kind !== kind)
    throw new StatusError(
      'BadRequest',
      `the object provided is unrecognized (must be of type ${kind}): it is of kind ${json.kind}`,
    );
  if (json.apiVersion !== undefined && json.apiVersion !== '' && json.apiVersion !== apiVersion)
    throw new StatusError(
      'BadRequest',
      `the API version in the data (${json.apiVersion}) does not match the expected API version (${apiVersion})`,
    );
}

/** Warnings as HTTP says them (RFC 7234, section 5.5). */
export function warningHeaders(warnings: readonly string[]): Record<string, string> {
  if (warnings.length === 0) return {};
  return { warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ') };
}
