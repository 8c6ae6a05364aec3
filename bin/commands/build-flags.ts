import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { NamedContext } from '../../lib/build/plan/contexts.ts';
import type { Privilege } from '../../lib/build/run/privileges.ts';
import type { SecretSource } from '../../lib/build/run/secrets.ts';
import { didYouMean } from '../../lib/dockerfile/faults.ts';
import { messageOf } from '../../lib/errors.ts';
import { parsePlatform, renderPlatform } from '../../lib/image/platform.ts';
import { parseReference } from '../../lib/image/reference.ts';
import type { Platform } from '../../lib/image/types.ts';

// What the values of the flags of `fairlead build` mean. Each parser takes what the flag said before, since it may be
// repeated, and throws InvalidArgumentError, which becomes the one line that the user reads.

/** The fields of `type=oci,dest=out.tar`: names in small letters, and words without `=` as names without a value. */
export function fieldsOf(text: string): Map<string, string | undefined> {
  const fields = new Map<string, string | undefined>();
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    const name = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    if (name === '') throw new InvalidArgumentError(`write NAME=VALUE pairs with commas between`);
    fields.set(name, equals < 0 ? undefined : field.slice(equals + 1));
  }
  return fields;
}

/** Refuses the fields that a flag does not have. */
export function knowOnly(fields: ReadonlyMap<string, unknown>, known: readonly string[]): void {
  for (const name of fields.keys())
    if (!known.includes(name))
      throw new InvalidArgumentError(`there is no ${name}; it takes ${known.join(', ')}`);
}

export function tag(name: string, before: string[] = []): string[] {
  try {
    if (parseReference(name).digest !== undefined) throw new Error('a name that is given has no digest');
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
  return [...before, name];
}

/** `NAME=VALUE`; a name alone takes its value from `environment`, as docker does, or is left out. */
export function pairsFrom(environment: Readonly<Record<string, string | undefined>>) {
  return (text: string, before: Record<string, string> = {}): Record<string, string> => {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? environment[text] : text.slice(equals + 1);
    if (name === '') throw new InvalidArgumentError('write NAME=VALUE');
    return value === undefined ? before : { ...before, [name]: value };
  };
}

/** `NAME=VALUE`; a label without a value is empty. */
export function label(text: string, before: Record<string, string> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (name === '') throw new InvalidArgumentError('write NAME=VALUE');
  return { ...before, [name]: equals < 0 ? '' : text.slice(equals + 1) };
}

/** A cache in a registry; without a tag each platform has its own. */
export interface CacheReference {
  /** `host[:port]/path`. */
  repository: string;
  tag?: string;
}

const CACHE_FIELDS = ['type', 'ref', 'mode', 'image-manifest', 'oci-mediatypes', 'ignore-error'];

/** `type=registry,ref=HOST/PATH[:TAG]`, or the reference alone. */
export function cacheReference(text: string, before: CacheReference[] = []): CacheReference[] {
  const isReference = !text.includes('=');
  const fields = isReference
    ? new Map([
        ['type', 'registry'],
        ['ref', text],
      ])
    : fieldsOf(text);
  knowOnly(fields, CACHE_FIELDS);
  const [type, reference] = [fields.get('type'), fields.get('ref')];
  if (type !== 'registry' || reference === undefined)
    throw new InvalidArgumentError('a cache is in a registry: write type=registry,ref=HOST/PATH');
  const hasTag = reference.slice(reference.lastIndexOf('/') + 1).includes(':');
  tag(reference);
  const { host, path, tag: named } = parseReference(reference);
  return [
    ...before,
    { repository: `${host}/${path}`, ...(hasTag && named !== undefined ? { tag: named } : {}) },
  ];
}

export interface Annotations {
  manifest: Record<string, string>;
  index: Record<string, string>;
}

/** `[manifest:|index:]NAME=VALUE`. */
export function annotation(text: string, before: Annotations = { manifest: {}, index: {} }): Annotations {
  const [, where = 'manifest', name, value] = /^(?:(manifest|index):)?([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('write NAME=VALUE, index:NAME=VALUE for the index');
  const at = where as keyof Annotations;
  return { ...before, [at]: { ...before[at], [name]: value } };
}

/** `network.host` or `security.insecure`; several with commas between. */
export function privilege(text: string, before: Privilege[] = []): Privilege[] {
  const named = text.split(',').map((one): Privilege => {
    if (one === 'network.host' || one === 'security.insecure') return one;
    throw new InvalidArgumentError(`there is no ${one}; it takes network.host and security.insecure`);
  });
  return [...before, ...named];
}

/** `linux/amd64,linux/arm64`, each once. */
export function platforms(text: string, before: Platform[] = []): Platform[] {
  try {
    const all = [...before, ...text.split(',').map((one) => knownPlatform(one.trim()))];
    return [...new Map(all.map((platform) => [renderPlatform(platform), platform])).values()];
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

/** Those of Go for Linux, which images name theirs by (OCI image configuration, `architecture`), and wasm. */
const ARCHITECTURES =
  '386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x wasm'.split(' ');

function knownPlatform(text: string): Platform {
  const platform = parsePlatform(text);
  const { architecture } = platform;
  if (ARCHITECTURES.includes(architecture)) return platform;
  throw new Error(`no architecture is called ${architecture}${didYouMean(architecture, ARCHITECTURES)}`);
}

/** `id=NAME[,src=PATH|,env=VARIABLE]`; without either, the variable that is called like it, or the file. */
export function secretsFrom(environment: Readonly<Record<string, string | undefined>>) {
  return (text: string, before: ReadonlyMap<string, SecretSource> = new Map()) => {
    const fields = fieldsOf(text);
    knowOnly(fields, ['id', 'src', 'source', 'env', 'type']);
    const variable = fields.get('env') ?? (fields.get('type') === 'env' ? fields.get('src') : undefined);
    const file = variable === undefined ? (fields.get('src') ?? fields.get('source')) : undefined;
    const id = fields.get('id') ?? variable ?? file;
    if (id === undefined || id === '')
      throw new InvalidArgumentError('write id=NAME,src=PATH or id=NAME,env=VARIABLE');
    return new Map([...before, [id, sourceOf(id, variable, file)] as const]);
  };

  function sourceOf(id: string, variable: string | undefined, file: string | undefined): SecretSource {
    const name = variable ?? (file === undefined && environment[id] !== undefined ? id : undefined);
    if (name !== undefined) {
      const value = environment[name];
      if (value === undefined) throw new InvalidArgumentError(`the variable ${name} is not set`);
      return { from: 'value', value };
    }
    const path = resolve(file ?? id);
    if (!existsSync(path) || !statSync(path).isFile())
      throw new InvalidArgumentError(`there is no file ${file ?? id}; name it with src=`);
    return { from: 'file', path };
  }
}

/** `default` or `ID=SOCKET`; without a socket, that of the running agent. */
export function sshFrom(environment: Readonly<Record<string, string | undefined>>) {
  return (text: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> => {
    const [id = '', path = environment.SSH_AUTH_SOCK] = text.split('=', 2);
    if (id === '') throw new InvalidArgumentError('write default or ID=SOCKET');
    if (path === undefined || path === '')
      throw new InvalidArgumentError('no agent is running: SSH_AUTH_SOCK is not set');
    if (!existsSync(path) || !statSync(path).isSocket())
      throw new InvalidArgumentError(`${path} is not the socket of an agent; keys in files are not taken`);
    return new Map([...before, [id, resolve(path)]]);
  };
}

/** `NAME=DIRECTORY` or `NAME=docker-image://REFERENCE`. */
export function buildContext(
  text: string,
  before: Record<string, NamedContext> = {},
): Record<string, NamedContext> {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('write NAME=DIRECTORY or NAME=docker-image://REFERENCE');
  const [, scheme, rest = ''] = /^([a-z-]+):\/\/(.*)$/.exec(value) ?? [];
  if (scheme === undefined) return { ...before, [name]: { kind: 'directory', path: value } };
  if (scheme !== 'docker-image')
    throw new InvalidArgumentError(`${scheme}:// is not taken, docker-image:// is`);
  return { ...before, [name]: { kind: 'image', reference: tag(rest)[0] as string } };
}
