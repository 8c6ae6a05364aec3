import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { markUsed } from '../store/prune.ts';
import type { Store } from '../store/store.ts';

/**
 * The directory that is kept under a key, if there is one; it then counts as used now.
 *
 * What is kept lies in a directory of its own below the one of that name, which is therefore never empty: rename(2)
 * would put another one in an empty one's place, while it is shown to somebody as a lower directory. To them the whole
 * root would then have no names any more, as readdir(3) ends without a word in a directory that was removed.
 */
export function findRoot(store: Store, key: string): string | undefined {
  const kept = store.path('roots', key);
  if (!existsSync(kept)) return undefined;
  markUsed(kept);
  return `${kept}/${WITHIN}`;
}

/**
 * Keeps what `make` puts at the path that it is given, complete or not at all; what was kept under the key before stays.
 * Answers where it is. Throws what `make` throws.
 */
export async function keepRoot(
  store: Store,
  key: string,
  make: (directory: string) => Promise<void> | void,
): Promise<string> {
  const kept = store.path('roots', key);
  const unfinished = `${kept}.${randomUUID()}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await make(`${unfinished}/${WITHIN}`);
    renameSync(unfinished, kept);
  } catch (error) {
    removeTree(unfinished);
    const { code } = error as NodeJS.ErrnoException;
    // It is there already: another build was faster, or this one does everything again.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
  markUsed(kept);
  return `${kept}/${WITHIN}`;
}

const WITHIN = 'root';
