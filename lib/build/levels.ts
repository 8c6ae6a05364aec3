import { createHash, type Hash } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { markUsed } from './prune.ts';
import { removeTree } from './remove.ts';
import type { Store } from './store.ts';
import type { Change } from './tree.ts';

/** A directory of a stage's root that is kept: what changes did on top of the ones below it. */
export interface Level {
  /** Names what is seen with this directory as the highest. */
  key: string;
  directory: string;
}

/** Raise when levels hold something else than before. */
const REVISION = 1;

/**
 * The directories that RUNs left, kept between builds beside the bases: when the steps before are known already, what
 * they made is not written once more. A level is named by the one below it and by the changes, and so is never another.
 */
export class Levels {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The levels that are there for the first of `changes`, the lowest first, and how many changes they cover. */
  find(
    base: string,
    changes: readonly Change[],
    ends: readonly number[],
  ): { levels: Level[]; covered: number } {
    const levels: Level[] = [];
    let covered = 0;
    let at = 0;
    let open = begin(base);
    for (const end of ends) {
      for (; at < end; at++) add(open, changes[at] as Change);
      const key = open.copy().digest('hex');
      if (end === covered || !existsSync(this.#directory(key))) continue;
      markUsed(this.#directory(key));
      levels.push({ key, directory: this.#directory(key) });
      covered = end;
      open = begin(key);
    }
    return { levels, covered };
  }

  /** Keeps a directory that holds what `changes` did on top of the level `below`, or the base of that name. */
  keep(directory: string, below: string, changes: Iterable<Change>): Level {
    const hash = begin(below);
    for (const change of changes) add(hash, change);
    const key = hash.digest('hex');
    const kept = this.#directory(key);
    try {
      renameSync(directory, kept);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      // It is there already: another build was faster, or this one does everything again.
      removeTree(directory);
    }
    markUsed(kept);
    return { key, directory: kept };
  }

  #directory(key: string): string {
    return this.#store.path('roots', key);
  }
}

function begin(below: string): Hash {
  return createHash('sha256').update(JSON.stringify(['level', REVISION, below]));
}

function add(hash: Hash, { path, node }: Change): void {
  if (node === undefined) {
    hash.update(JSON.stringify([path]));
    return;
  }
  const { type, mode, uid, gid, size, link, sha, hardlink, capability, special } = node;
  hash.update(JSON.stringify([path, type, mode, uid, gid, size, link, sha, hardlink, capability, special]));
}
