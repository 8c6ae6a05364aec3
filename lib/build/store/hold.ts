import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { tryLock, unlock } from './lock.ts';
import { openStore } from './open-store.ts';
import { HOLDS, isPruning, prune } from './prune.ts';

/** How often it is looked whether what is being removed is gone. */
const LOOK_MS = 20;

/** As long as one has it, nobody removes anything from the cache. */
export interface Hold {
  /** Gives it back, and sees to it that the cache does not grow without end; what was used meanwhile stays. */
  release(): void;
}

export interface HoldOptions {
  /** Bytes that the cache may come to; see prune. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Holds the cache in `cacheDir`: from before a build looks anything up until its image is published, since the image's
 * layers are read from there. Any number may, in this process and in others. Throws `build/bad-cache-dir`, the signal's
 * reason.
 */
export async function holdCache(cacheDir: string, { limit, signal }: HoldOptions = {}): Promise<Hold> {
  const store = openStore(cacheDir);
  const own = store.path(HOLDS, `${randomUUID()}.lock`);
  mkdirSync(store.path(HOLDS), { recursive: true });
  const since = Date.now();
  tryLock(own);
  try {
    // Who removes looks for holds after saying so, and we look after holding: one of us sees the other.
    while (isPruning(store)) await setTimeout(LOOK_MS, undefined, signal && { signal });
  } catch {
    unlock(own);
    throw signal?.reason;
  }
  const release = () => {
    try {
      prune(store, { since, own, ...(limit === undefined ? {} : { limit }) });
    } finally {
      unlock(own);
    }
  };
  return { release };
}
