import { dirname } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { nearest } from '../../app/suggest.ts';
import { messageOf } from '../../errors.ts';
import { fault } from '../fault.ts';
import { interpolated } from './interpolate.ts';
import { LEFT_OUT, REFUSED, TOP_LEFT_OUT, TOP_REFUSED } from './keys.ts';
import { definedLeftOut, nestedLeftOut } from './nested.ts';
import { type ComposeFile, type ComposeService, composeSchema, serviceSchema } from './schema.ts';

/** A compose file that was read and checked. */
export interface Composed {
  /** From the top of the repository. */
  path: string;
  /** The folder that its paths are from. */
  folder: string;
  services: Map<string, ComposeService>;
  rest: ComposeFile;
  /** Where a key stands: `compose.yaml:12`. */
  at(...path: string[]): string;
  notices: string[];
}

/**
 * Reads the text of a compose file, its variables replaced by those of the repository's `.env`.
 * @throws FairleadError `manifests/bad-yaml`, `manifests/bad-compose`
 */
export function parseCompose(text: string, path: string, variables: Record<string, string>): Composed {
  const counter = new LineCounter();
  const document = read(text, path, counter);
  const at = (...keys: string[]) => `${path}:${lineOf(document, counter, keys)}`;
  const value = interpolated(contentOf(document, path), variables, path);
  const top = composeSchema.safeParse(value);
  if (!top.success) throw wrong(top.error.issues[0], [], at);
  const { services: said, ...rest } = top.data;
  const notices = checkKeys(
    top.data,
    [],
    ['services', 'volumes', 'configs', 'secrets'],
    TOP_LEFT_OUT,
    TOP_REFUSED,
    at,
  );
  const services = new Map<string, ComposeService>();
  for (const [name, service] of Object.entries(said)) {
    checkServiceName(name, at('services', name));
    const result = serviceSchema.safeParse(service);
    if (!result.success) throw wrong(result.error.issues[0], ['services', name], at);
    notices.push(
      ...checkKeys(
        result.data,
        ['services', name],
        Object.keys(serviceSchema.def.shape),
        LEFT_OUT,
        REFUSED,
        at,
      ),
    );
    notices.push(...nestedLeftOut(name, result.data));
    services.set(name, result.data);
  }
  notices.push(...definedLeftOut(rest));
  if (services.size === 0) throw fault('bad-compose', at('services'), 'the file has no services');
  return { path, folder: dirname(path), services, rest, at, notices };
}

function read(text: string, path: string, lineCounter: LineCounter): Document {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { merge: true, lineCounter });
  } catch (error) {
    throw fault('bad-yaml', path, firstLine(messageOf(error)));
  }
  const [trouble] = [...document.errors, ...document.warnings];
  if (trouble !== undefined) {
    const { line, col } = lineCounter.linePos(trouble.pos[0]);
    throw fault('bad-yaml', `${path}:${line}:${col}`, firstLine(trouble.message));
  }
  return document;
}

/** Numbers that would not come out as they are written (1.10, 0444) are the text that stands there. */
function contentOf(document: Document, path: string): unknown {
  visit(document, {
    Scalar(_, scalar) {
      const { value, source } = scalar;
      if (typeof value === 'number' && source !== undefined && String(value) !== source)
        scalar.value = source;
    },
  });
  try {
    return document.toJS({ maxAliasCount: 200 });
  } catch (error) {
    throw fault('bad-yaml', path, firstLine(messageOf(error)), 'write out what the aliases stand for');
  }
}

function lineOf(document: Document, counter: LineCounter, keys: readonly string[]): number {
  let line = 1;
  let node: unknown = document.contents;
  for (const key of keys) {
    const pair = isMap(node)
      ? node.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === key)
      : undefined;
    if (pair === undefined) break;
    const offset = isNode(pair.key) ? pair.key.range?.[0] : undefined;
    if (offset !== undefined) line = counter.linePos(offset).line;
    node = pair.value;
  }
  return Math.max(line, 1);
}

type Words = Record<string, string>;

function checkKeys(
  value: object,
  path: string[],
  known: readonly string[],
  leftOut: Words,
  refused: Words,
  at: Composed['at'],
): string[] {
  const notices: string[] = [];
  for (const key of Object.keys(value)) {
    if (known.includes(key) || key.startsWith('x-')) continue;
    const name = [...path, key].join('.');
    const why = refused[key];
    if (why !== undefined)
      throw fault('bad-compose', at(...path, key), `${name} has no counterpart in a cluster`, why);
    const note = leftOut[key];
    if (note === undefined)
      throw unknownKey(
        key,
        name,
        [...known, ...Object.keys(leftOut), ...Object.keys(refused)],
        at(...path, key),
      );
    if (note !== '') notices.push(`${name} is left out: ${note}`);
  }
  return notices;
}

function unknownKey(key: string, name: string, known: readonly string[], place: string) {
  const meant = nearest(key, known);
  return fault(
    'bad-compose',
    place,
    `unknown key ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  );
}

function wrong(
  issue: { path: readonly PropertyKey[]; message: string } | undefined,
  above: string[],
  at: Composed['at'],
) {
  const path = [...above, ...(issue?.path ?? []).map(String)];
  const what = path.length === 0 ? 'the file' : path.join('.');
  return fault(
    'bad-compose',
    at(...path),
    path.join('.') === 'services' || path.length === 0
      ? 'the file has no services, by their names'
      : `${what} is not what the Compose Specification says: ${issue?.message}`,
  );
}

/** Services reach each other by these names: they are names in DNS (RFC 1035, section 2.3.1). */
function checkServiceName(name: string, place: string): void {
  if (/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  throw fault(
    'bad-compose',
    place,
    `the service ${JSON.stringify(name)} cannot have this name in a cluster`,
    'use up to 63 lower-case letters, digits and "-", beginning with a letter',
  );
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/:?$/, '').replace(/ at line \d+, column \d+$/, '');
}
