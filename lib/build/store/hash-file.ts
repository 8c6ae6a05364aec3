import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { chunksOf } from '../../image/file-chunks.ts';

const CHUNK = 1024 * 1024;

/** Chunks after which others get a turn. */
const AT_ONCE = 16;

/**
 * The SHA-256 and the length of a file; `also` gets its bytes, each chunk until it answers. Read by this thread: what is
 * hashed was mostly written just now, and comes faster than the thread pool can be asked for it.
 */
export async function hashFile(
  file: string,
  also: (chunk: Buffer) => void = () => {},
  scratch = Buffer.allocUnsafe(CHUNK),
): Promise<{ sha: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  let count = 0;
  for (const chunk of chunksOf(file, scratch)) {
    hash.update(chunk);
    also(chunk);
    size += chunk.length;
    if (++count % AT_ONCE === 0) await setImmediate();
  }
  return { sha: hash.digest('hex'), size };
}
