import { createReadStream, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { FairleadError } from '../errors.ts';
import type { Entry } from './entry.ts';
import { chunksOf } from './file-chunks.ts';
import { bytesOf, headerBlocks, padding, TAR_BLOCK } from './ustar.ts';

/** Files up to this size are read in one go, and at once: ten times as fast as by the thread pool (20,000 files). */
export const SMALL_FILE = 256 * 1024;

/**
 * The bytes of a tar of `entries`, in the order given. With `scratch`, small files are read into it, and a chunk holds
 * only until the next one is asked for. Throws `image/file-changed`.
 */
export async function* tarBytes(entries: Iterable<Entry>, scratch?: Buffer): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield headerBlocks(entry);
    const size = bytesOf(entry);
    if (size > 0) yield* contents(entry, size, scratch);
    if (size % TAR_BLOCK > 0) yield padding(size);
  }
  yield Buffer.alloc(2 * TAR_BLOCK);
}

async function* contents(entry: Entry, size: number, scratch: Buffer | undefined): AsyncGenerator<Buffer> {
  let left = size;
  for await (const chunk of chunks(entry, size, scratch)) {
    left -= chunk.length;
    if (left < 0) throw changed(entry);
    yield chunk;
  }
  if (left > 0) throw changed(entry);
}

async function* chunks(
  { file, open }: Entry,
  size: number,
  scratch: Buffer | undefined,
): AsyncGenerator<Buffer> {
  if (file !== undefined && scratch !== undefined) yield* chunksOf(file, scratch);
  else if (file !== undefined && size <= SMALL_FILE) yield readFileSync(file);
  else if (file !== undefined) yield* createReadStream(file, { highWaterMark: SMALL_FILE });
  else yield* (await open?.()) as Readable;
}

function changed({ path, size }: Entry): FairleadError {
  return new FairleadError({
    code: 'image/file-changed',
    operation: 'writing a layer',
    place: path,
    cause: `the file is not ${size} bytes long any more: it changed while it was read`,
    remedy: 'build again when nothing writes to the build context',
    temporary: true,
  });
}
