import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Store } from '../store/store.ts';

/** Keeps a small file's bytes at once, without a stream: ten times as fast for archives of many files. */
export function keepBytes(store: Store, bytes: Uint8Array): { sha: string; size: number } {
  const sha = createHash('sha256').update(bytes).digest('hex');
  const file = store.file(sha);
  const kept = { sha, size: bytes.length };
  const now = new Date();
  try {
    utimesSync(file, now, now);
    return kept;
  } catch {
    // Not there yet.
  }
  const directory = dirname(file);
  const unfinished = `${directory}/unfinished-${randomUUID()}`;
  try {
    writeFileSync(unfinished, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(directory, { recursive: true });
    writeFileSync(unfinished, bytes);
  }
  renameSync(unfinished, file);
  return kept;
}
