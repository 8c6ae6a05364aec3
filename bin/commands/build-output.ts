import { InvalidArgumentError } from 'commander';
import { imagesOf, rootOf } from '../../lib/image/layout.ts';
import { parseReference } from '../../lib/image/reference.ts';
import type { Image, ImageIndex } from '../../lib/image/types.ts';
import { fieldsOf, knowOnly } from './build-flags.ts';

/**
 * Where an image goes. Paths are as they were given, `-` is the standard output. `names` are more names than those of
 * `--tag`.
 */
export type Output =
  | { kind: 'oci-dir' | 'oci-archive' | 'docker-archive' | 'files' | 'tar'; path: string; names: string[] }
  | { kind: 'registry'; names: string[] }
  | { kind: 'nowhere' };

const FORMS = 'type=oci|docker|local|tar,dest=PATH, type=registry, oci-dir=DIR or oci-archive=FILE';
const KNOWN = ['type', 'dest', 'name', 'push', 'tar', 'oci-mediatypes', 'compression', 'force-compression'];

/**
 * Reads the value of --output: buildx's forms, and `oci-dir=DIR`, `oci-archive=FILE`, `registry`; a path alone is a
 * directory for the image's files, `-` a tar of them on the standard output.
 */
export function parseOutput(text: string): Output {
  if (text === 'registry') return { kind: 'registry', names: [] };
  if (text === '-') return { kind: 'tar', path: '-', names: [] };
  const own = /^(oci-dir|oci-archive)=(.+)$/.exec(text);
  if (own !== null) return { kind: own[1] as 'oci-dir' | 'oci-archive', path: own[2] as string, names: [] };
  if (!text.includes('=')) {
    if (/^(docker|oci|image|local|tar)$/.test(text)) throw new InvalidArgumentError(`write ${FORMS}`);
    return { kind: 'files', path: text, names: [] };
  }
  const fields = fieldsOf(text);
  knowOnly(fields, KNOWN);
  const names = (fields.get('name') ?? '').split(';').filter((name) => name !== '');
  return ofType(fields.get('type'), fields, names);
}

function ofType(type: string | undefined, fields: Map<string, string | undefined>, names: string[]): Output {
  const path = fields.get('dest');
  switch (type) {
    case 'registry':
      return { kind: 'registry', names };
    case 'image':
      return fields.get('push') === 'true' ? { kind: 'registry', names } : { kind: 'nowhere' };
    case 'cacheonly':
      return { kind: 'nowhere' };
    case 'local':
      if (path === undefined) throw new InvalidArgumentError('type=local needs dest=DIRECTORY');
      return { kind: 'files', path, names };
    case 'tar':
      return { kind: 'tar', path: path ?? '-', names };
    case 'docker':
      return { kind: 'docker-archive', path: path ?? '-', names };
    case 'oci': {
      const isDirectory = fields.get('tar') === 'false';
      if (isDirectory && path === undefined) throw new InvalidArgumentError('tar=false needs dest=DIRECTORY');
      return { kind: isDirectory ? 'oci-dir' : 'oci-archive', path: path ?? '-', names };
    }
    default:
      throw new InvalidArgumentError(`write ${FORMS}`);
  }
}

/** For --output: one more. */
export function output(text: string, before: Output[] = []): Output[] {
  return [...before, parseOutput(text)];
}

/** The outputs of all flags together. */
export function outputsOf({ output = [], push }: { output?: Output[]; push?: true }): Output[] {
  const isPublished = output.some(({ kind }) => kind === 'registry');
  return push === true && !isPublished ? [...output, { kind: 'registry', names: [] }] : output;
}

/** What cannot be done with outputs and names as they were given, in one line; nothing when all is well. */
export function whyNotOutputs(
  outputs: readonly Output[],
  names: readonly string[],
  given: { platforms: number; isTerminal: boolean },
): string | undefined {
  for (const one of outputs) {
    if (one.kind === 'nowhere') continue;
    if (one.kind === 'registry') {
      if (one.names.length + names.length === 0) return 'to publish, the image needs a name: add -t NAME';
      continue;
    }
    if (one.kind === 'docker-archive' && given.platforms > 1)
      return 'docker load takes one platform: write type=oci for several';
    if (one.path === '-' && given.isTerminal)
      return 'a tar is nothing for a terminal: add dest=FILE, or redirect it';
  }
  const streams = outputs.filter((one) => 'path' in one && one.path === '-');
  return streams.length > 1 ? 'only one output can go to the standard output' : undefined;
}

/** What `docker buildx build --metadata-file` writes, as far as it is about the image. */
export function metadataOf(image: Image | ImageIndex, names: readonly string[]): object {
  const [first] = imagesOf(image);
  return {
    ...('images' in image || first === undefined
      ? {}
      : { 'containerimage.config.digest': first.manifest.config.digest }),
    'containerimage.descriptor': rootOf(image),
    'containerimage.digest': image.digest,
    ...(names.length > 0 ? { 'image.name': names.join(',') } : {}),
  };
}

/** The repositories of names, each with its tags. */
export function byRepository(names: readonly string[]): Map<string, string[]> {
  const tags = new Map<string, string[]>();
  for (const name of new Set(names)) {
    const { host, path, tag = 'latest' } = parseReference(name);
    const repository = `${host}/${path}`;
    tags.set(repository, [...(tags.get(repository) ?? []), tag]);
  }
  return tags;
}
