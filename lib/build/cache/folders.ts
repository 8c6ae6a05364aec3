import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../store/store.ts';

/** A folder of the cache directory whose files never change once they are there, and are shared in packs. */
export interface SharedFolder {
  name: 'go-build' | 'go-mod';
  root: string;
  /** Whether a file of this name is shared. */
  holds(path: string): boolean;
  /** Whether a pack may have it, and nobody takes it from there. */
  skips(path: string): boolean;
  /** What the bytes of a file of this name have to be. */
  expects(path: string): Expected;
  /** The other files that one is of no use without. */
  with(path: string): string[];
  /** Uncompressed bytes that are shared at most: what was used last. */
  limit: number;
}

export type Expected =
  /** Those of this SHA-256, in hexadecimal. */
  | { sha: string }
  /** Few, of which this is true. */
  | { isSound: (bytes: Buffer) => boolean }
  /** What Go checks itself, whenever it reads it. */
  | 'checked by Go';

const MIB = 1024 ** 2;

/** cmd/go/internal/cache, cache.go: `<id>-a` says which output an action has, `<id>-d` is an output named by its sha256. */
const GO_ENTRY = /^([0-9a-f]{2})\/(\1[0-9a-f]{62})-([ad])$/;
const GO_ACTION = /^v1 ([0-9a-f]{64}) ([0-9a-f]{64}) [ 0-9]{20} [ 0-9]{20}\n$/;

/** cmd/go/internal/modfetch, cache.go: what a module can be unpacked from again. Lists of versions go out of date. */
const GO_MODULE = /^(?:[\w.!~+-]+\/)+@v\/[\w.!~+-]+\.(?:info|mod|zip)$/;

/**
 * With it Go would believe that it has compared the zip with go.sum (cmd/go/internal/modfetch, DownloadZip); without it, it
 * does so, and writes it anew.
 */
const GO_ZIP_HASH = /\.ziphash$/;

/** Go's own caches, which are of use for every commit. */
export function goFolders(store: Store): SharedFolder[] {
  const build = store.path('go', 'build');
  const modules = store.path('go', 'mod', 'cache', 'download');
  return [
    {
      name: 'go-build',
      root: build,
      holds: (path) => GO_ENTRY.test(path),
      skips: () => false,
      expects: goEntry,
      with: (path) => outputOf(join(build, path)),
      limit: 1024 * MIB,
    },
    {
      name: 'go-mod',
      root: modules,
      holds: (path) => GO_MODULE.test(path) && !path.split('/').includes('..'),
      skips: (path) => GO_ZIP_HASH.test(path),
      // go.mod and zip are compared with go.sum (checkGoMod, hashZip).
      expects: (path) => (path.endsWith('.info') ? { isSound: isVersion } : 'checked by Go'),
      with: () => [],
      limit: 512 * MIB,
    },
  ];
}

function goEntry(path: string): Expected {
  const [, , id = '', kind] = GO_ENTRY.exec(path) ?? [];
  if (kind === 'd') return { sha: id };
  return { isSound: (bytes) => GO_ACTION.exec(bytes.toString('latin1'))?.[1] === id };
}

/** cmd/go/internal/modfetch, RevInfo. */
function isVersion(bytes: Buffer): boolean {
  try {
    return typeof JSON.parse(bytes.toString('utf8')).Version === 'string';
  } catch {
    return false;
  }
}

function outputOf(file: string): string[] {
  if (!file.endsWith('-a')) return [];
  try {
    const output = GO_ACTION.exec(readFileSync(file, 'latin1'))?.[2];
    return output === undefined ? [] : [`${output.slice(0, 2)}/${output}-d`];
  } catch {
    return [];
  }
}
