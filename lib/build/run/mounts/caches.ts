import { existsSync, mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { RunMount } from '../../../dockerfile/types.ts';
import { scopedKey } from '../../cache/scope.ts';
import { type UnpackAs, unpackTree } from '../../disk/unpack.ts';
import { tryLock, unlock, waitForLock } from '../../store/lock.ts';
import { markUsed } from '../../store/prune.ts';
import { keyOf, type Store } from '../../store/store.ts';
import { newDirectory, Tree } from '../../tree.ts';
import type { MountSource } from './sources.ts';

export type CacheMount = RunMount & { type: 'cache' };

/** A cache's directory, as long as a RUN has it. */
export interface OpenCache {
  directory: string;
  release(): void;
}

export interface CacheRequest {
  mount: CacheMount;
  /** The id, with its variables replaced, or the target where there is none. */
  id: string;
  /** What the cache begins with. */
  source?: MountSource;
  /** Whose it is; see cacheScope. */
  scope?: string;
  store: Store;
  as: UnpackAs;
  /** Called once when somebody else has it. */
  onWait: () => void;
  signal?: AbortSignal;
}

const MOST_PRIVATE = 256;

/** The name of a cache's directory below `mounts`; caches of one id that begin differently are not the same. */
export function cacheKey({
  mount,
  id,
  source,
  scope,
}: Pick<CacheRequest, 'mount' | 'id' | 'source' | 'scope'>): string {
  const { mode, uid, gid } = mount;
  const begin = [source?.identity, mode, uid, gid].map((part) => part ?? '');
  return scopedKey(begin.every((part) => part === '') ? keyOf(id) : keyOf(id, begin), scope);
}

/** How strictly a cache is kept from others; of several mounts of one cache the strictest is meant. */
const STRICTNESS = ['shared', 'private', 'locked'] as const;

/**
 * Gives the RUN all its caches, `directories` by their mounts. Mounts of one cache show the same directory, which is taken
 * once (BuildKit, solver/llbsolver/mounts: one reference within an operation). Taken in an order that is the same for
 * every RUN, so that no two wait for each other.
 */
export async function openCaches(
  requests: readonly CacheRequest[],
): Promise<{ directories: ReadonlyMap<RunMount, string>; release(): void }> {
  const directories = new Map<RunMount, string>();
  const taken: OpenCache[] = [];
  const release = () => {
    for (const cache of taken.splice(0)) cache.release();
  };
  try {
    const byKey = Map.groupBy(requests, cacheKey);
    for (const key of [...byKey.keys()].sort()) {
      const all = byKey.get(key) ?? [];
      const cache = await openCache(strictest(all));
      taken.push(cache);
      for (const { mount } of all) directories.set(mount, cache.directory);
    }
    return { directories, release };
  } catch (error) {
    release();
    throw error;
  }
}

function strictest(requests: readonly CacheRequest[]): CacheRequest {
  const strictness = ({ mount }: CacheRequest) => STRICTNESS.indexOf(mount.sharing);
  return requests.reduce((most, one) => (strictness(one) > strictness(most) ? one : most));
}

/**
 * Gives the RUN its cache (BuildKit, `CacheMountShared`, `Private`, `Locked`): shared at once with others; locked when
 * all others are done with it; private is one that nobody else has now, a new one if there is none. Builds in other
 * processes count.
 */
export async function openCache(request: CacheRequest): Promise<OpenCache> {
  const { mount, store, onWait, signal } = request;
  const directory = store.path('mounts', cacheKey(request));
  mkdirSync(store.path('mounts'), { recursive: true });
  if (mount.sharing === 'private') return openPrivate(directory, request);
  if (mount.sharing === 'shared') {
    await begin(directory, request);
    return { directory, release: () => undefined };
  }
  const lock = `${directory}.lock`;
  await waitForLock(lock, onWait, signal);
  return openLocked(directory, lock, request);
}

/** Gives the lock back when there is to be no cache. */
async function openLocked(directory: string, lock: string, request: CacheRequest): Promise<OpenCache> {
  try {
    await begin(directory, request);
  } catch (error) {
    unlock(lock);
    throw error;
  }
  return { directory, release: () => unlock(lock) };
}

async function openPrivate(first: string, request: CacheRequest): Promise<OpenCache> {
  for (let number = 0; number < MOST_PRIVATE; number++) {
    const directory = number === 0 ? first : `${first}-${number}`;
    const lock = `${directory}.lock`;
    if (tryLock(lock)) return openLocked(directory, lock, request);
  }
  throw new Error(`${MOST_PRIVATE} RUNs have a private cache ${request.id}`);
}

/** Makes the directory, with what it is to begin with, unless it is there. */
async function begin(directory: string, request: CacheRequest): Promise<void> {
  request.store.shared?.used('mounts', basename(directory));
  if (!existsSync(directory)) {
    // By one build alone: an empty directory would take the place of another empty one, where a RUN is writing already.
    const lock = `${directory}.begin.lock`;
    await waitForLock(lock, () => undefined, request.signal);
    try {
      if (!existsSync(directory)) await make(directory, request);
    } finally {
      unlock(lock);
    }
  }
  markUsed(directory);
}

async function make(directory: string, { mount, source, store, as, signal }: CacheRequest): Promise<void> {
  const tree = (await store.shared?.mount(basename(directory))) ?? source?.tree.clone() ?? new Tree();
  const root = tree.get('') ?? newDirectory(0);
  tree.set('', {
    ...root,
    mode: mount.mode === undefined ? root.mode : Number.parseInt(mount.mode, 8),
    uid: mount.uid === undefined ? root.uid : Number(mount.uid),
    gid: mount.gid === undefined ? root.gid : Number(mount.gid),
  });
  await unpackTree(tree, directory, as, signal);
}
