import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../store/store.ts';

/** A folder of the cache directory whose files never change once they are there, and are shared in packs. */
export interface SharedFolder {
  name: 'go-build' | 'go-mod';
  root: string;
  /** Whether a file of this name is shared. */
  holds(path: string): boolean;
  /** Whether these bytes can be what the name says. Only files up to a size that memory bears are asked about. */
  isSound(path: string, bytes: Buffer): boolean;
  /** The other files that one is of no use without. */
  with(path: string): string[];
  /** Uncompressed bytes that are shared at most: what was used last. */
  limit: number;
}

const MIB = 1024 ** 2;

/** cmd/go/internal/cache, cache.go: `<id>-a` says which output an action has, `<id>-d` is an output named by its sha256. */
const GO_ENTRY = /^([0-9a-f]{2})\/(\1[0-9a-f]{62})-([ad])$/;
const GO_ACTION = /^v1 ([0-9a-f]{64}) ([0-9a-f]{64}) [ 0-9]{20} [ 0-9]{20}\n$/;

/** cmd/go/internal/modfetch, cache.go: what a module can be unpacked from again. Lists of versions go out of date. */
const GO_MODULE = /^(?:[\w.!~+-]+\/)+@v\/[\w.!~+-]+\.(?:info|mod|zip|ziphash)$/;

/** Go's own caches, which are of use for every commit. */
export function goFolders(store: Store): SharedFolder[] {
  const build = store.path('go', 'build');
  const modules = store.path('go', 'mod', 'cache', 'download');
  return [
    {
      name: 'go-build',
      root: build,
      holds: (path) => GO_ENTRY.test(path),
      isSound: isSoundGoEntry,
      with: (path) => outputOf(join(build, path)),
      limit: 1024 * MIB,
    },
    {
      name: 'go-mod',
      root: modules,
      holds: (path) => GO_MODULE.test(path) && !path.split('/').includes('..'),
      isSound: () => true,
      with: () => [],
      limit: 512 * MIB,
    },
  ];
}

function isSoundGoEntry(path: string, bytes: Buffer): boolean {
  const [, , id, kind] = GO_ENTRY.exec(path) ?? [];
  if (kind === 'd') return createHash('sha256').update(bytes).digest('hex') === id;
  return GO_ACTION.exec(bytes.toString('latin1'))?.[1] === id;
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
