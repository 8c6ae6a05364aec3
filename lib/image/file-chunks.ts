import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The bytes of a file, read into `scratch` without the thread pool: a chunk holds only until the next one is asked for.
 * For many small files; as buffers of their own they would be most of what a build holds.
 */
export function* chunksOf(file: string, scratch: Buffer): Generator<Buffer> {
  const descriptor = openSync(file, 'r');
  try {
    for (let read = readSync(descriptor, scratch); read > 0; read = readSync(descriptor, scratch))
      yield scratch.subarray(0, read);
  } finally {
    closeSync(descriptor);
  }
}
