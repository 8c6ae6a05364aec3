import { createHash, hash } from 'node:crypto';
import { createReadStream, linkSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Store } from './store.ts';

/** Files up to this size are read in one go, and at once: far faster than by streams. */
const SMALL_FILE = 1024 ** 2;

/** Set-user-id and set-group-id: such a file is nothing to have in a cache. */
const SET_ID = 0o6000;

/**
 * Puts files of a directory into the store that nobody writes to any more. As root by another name of the same file,
 * so that its bytes are not copied: what is in the store must not change, hence only where a directory is never again
 * the upper one of an overlay.
 */
export class Adopter {
  readonly #store: Store;
  readonly #links: boolean;
  readonly #adopted: string[] = [];

  constructor(store: Store, as: 'root' | 'user') {
    this.#store = store;
    this.#links = as === 'root';
  }

  async keep(
    path: string,
    { size, mode }: { size: number; mode: number },
  ): Promise<{ sha: string; size: number }> {
    if (!this.#links || (mode & SET_ID) !== 0) return this.#store.keepFile(path);
    const sha = size > SMALL_FILE ? await hashOf(path) : hash('sha256', readFileSync(path));
    return this.#link(path, sha) ? { sha, size } : this.#store.keepFile(path);
  }

  #link(path: string, sha: string): boolean {
    const target = this.#store.file(sha);
    try {
      linkSync(path, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return true;
      if (code !== 'ENOENT') return false;
      mkdirSync(dirname(target), { recursive: true });
      return this.#link(path, sha);
    }
    this.#adopted.push(sha);
    return true;
  }

  /** Says that the files were used now. Not before the directory is done with: their times are seen in it. */
  release(): void {
    const now = new Date();
    for (const sha of this.#adopted.splice(0)) {
      try {
        utimesSync(this.#store.file(sha), now, now);
      } catch {
        // It is gone again.
      }
    }
  }
}

async function hashOf(path: string): Promise<string> {
  const whole = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: SMALL_FILE }))
    whole.update(chunk as Buffer);
  return whole.digest('hex');
}
