import { readFileSync } from 'node:fs';
import type { Store } from '../store/store.ts';
import { keepBytes } from './keep-bytes.ts';

/** Files up to this size are read in one go. */
const SMALL_FILE = 1024 ** 2;

/**
 * Keeps a file that a RUN made, read once, and answers its hash. A copy: a further name of the same file would be seen
 * by later RUNs in its number of links, and gzip(1) for one leaves such files alone.
 */
export async function keepFound(store: Store, file: string, size: number): Promise<string> {
  if (size > SMALL_FILE) return (await store.keepFile(file)).sha;
  return keepBytes(store, readFileSync(file)).sha;
}
