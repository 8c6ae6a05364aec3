import { createHash } from 'node:crypto';
import { openBlob, storeBlob } from './blob-store.ts';
import { type Entry, inTarOrder } from './entry.ts';
import { parallelGzip } from './gzip.ts';
import { OCI_LAYER_GZIP } from './media-types.ts';
import { SMALL_FILE, tarBytes } from './tar.ts';
import type { Layer } from './types.ts';

export interface LayerOptions {
  /** 1 (fast) to 9 (small); 4 is nearly as fast as 1 and nearly as small as 6. */
  gzipLevel?: number;
  signal?: AbortSignal;
}

/**
 * Writes `entries` as a gzip layer into the blob store directory `store` and answers the layer, whose `open` reads
 * it from there. The same entries give the same digests in whatever order they arrive. Memory grows with the number
 * of entries, not with their bytes.
 *
 *     const layer = await writeLayer([{ path: 'app', type: 'file', mode: 0o755, uid: 0, gid: 0, mtime: 0,
 *       size: 42, file: '/tmp/app' }], '/tmp/cache/blobs');
 *
 * Throws FairleadError `image/bad-entry`, `image/duplicate-entry`, or `image/file-changed` when a file does not
 * have the size that its entry tells; the signal's reason when that aborts. Directories above an entry are not added:
 * the caller lists them.
 */
export async function writeLayer(
  entries: Iterable<Entry>,
  store: string,
  { gzipLevel, signal }: LayerOptions = {},
): Promise<Layer> {
  const diffID = createHash('sha256');
  const scratch = Buffer.allocUnsafe(SMALL_FILE);
  async function* hashedTar() {
    for await (const chunk of tarBytes(inTarOrder(entries), scratch)) {
      signal?.throwIfAborted();
      diffID.update(chunk);
      yield chunk;
    }
  }
  const { digest, size } = await storeBlob(store, givenBack(parallelGzip(hashedTar(), gzipLevel)));
  return {
    descriptor: { mediaType: OCI_LAYER_GZIP, digest, size },
    diffID: `sha256:${diffID.digest('hex')}`,
    open: openBlob(store, digest),
  };
}

/** Gives a chunk's memory back when the next one is asked for: as garbage so much of it would be found late. */
async function* givenBack(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    yield chunk;
    // Small ones are parts of a buffer that they share.
    if (chunk.buffer.byteLength > Buffer.poolSize) (chunk.buffer as ArrayBuffer).transfer(0);
  }
}
