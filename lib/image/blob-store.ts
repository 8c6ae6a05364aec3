import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest, OpenBlob } from './types.ts';

/** Where the blob with this digest is in the blob store directory `store`: `sha256/<hex>`, as in an OCI layout's `blobs`. */
export function blobPath(store: string, digest: Digest): string {
  return join(store, 'sha256', digest.slice('sha256:'.length));
}

/** Opens a stored blob. The bytes are not hashed again: they were when they were stored. */
export function openBlob(store: string, digest: Digest): OpenBlob {
  return async () => createReadStream(blobPath(store, digest), { highWaterMark: 1024 * 1024 });
}

/** Whether the store has a blob of this digest and size. */
export async function hasBlob(store: string, digest: Digest, size: number): Promise<boolean> {
  try {
    return (await stat(blobPath(store, digest))).size === size;
  } catch {
    return false;
  }
}

/**
 * Streams `source` into the store; the blob appears under its digest when it is complete, and not at all when
 * `source` fails. Two writers of one blob do not disturb each other.
 */
export async function storeBlob(
  store: string,
  source: AsyncIterable<Uint8Array>,
): Promise<{ digest: Digest; size: number }> {
  const unfinished = join(store, 'unfinished', randomUUID());
  await mkdir(dirname(unfinished), { recursive: true });
  await mkdir(join(store, 'sha256'), { recursive: true });
  try {
    const written = await write(unfinished, source);
    await rename(unfinished, blobPath(store, written.digest));
    return written;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function write(
  path: string,
  source: AsyncIterable<Uint8Array>,
): Promise<{ digest: Digest; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}
