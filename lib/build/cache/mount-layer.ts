import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { blobPath } from '../../image/blob-store.ts';
import { writeLayer } from '../../image/layer.ts';
import type { Layer } from '../../image/types.ts';
import { tryLock, unlock } from '../store/lock.ts';
import type { Store } from '../store/store.ts';
import { snapshotMount } from './mount-snapshot.ts';

/**
 * A cache mount as a layer of `limit` bytes at most. Nothing where it is as it was at `fingerprint`, where a RUN of another
 * build has it, and where somebody who shares it changed it meanwhile: half of what a package manager writes is nothing
 * that others could begin with.
 */
export async function layerOfMount(
  directory: string,
  store: Store,
  limit: number,
  fingerprint: string | undefined,
): Promise<{ fingerprint: string; layer: Layer } | undefined> {
  // The one that a RUN takes for a mount that is locked or private.
  const lock = `${directory}.lock`;
  if (!existsSync(directory) || !tryLock(lock)) return undefined;
  try {
    const snapshot = snapshotMount(directory, limit);
    if (snapshot === undefined || snapshot.fingerprint === fingerprint) return undefined;
    const layer = await writeLayer(snapshot.entries, store.blobs, { gzipLevel: 1 });
    if (snapshotMount(directory, limit)?.changes === snapshot.changes)
      return { fingerprint: snapshot.fingerprint, layer };
    await rm(blobPath(store.blobs, layer.descriptor.digest), { force: true });
    return undefined;
  } catch {
    return undefined; // what was read is gone: somebody who shares it changes it
  } finally {
    unlock(lock);
  }
}
