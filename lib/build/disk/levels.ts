import { createHash, type Hash } from 'node:crypto';
import { renameSync } from 'node:fs';
import type { Store } from '../store/store.ts';
import type { Change } from '../tree.ts';
import { findRoot, keepRoot } from './roots.ts';

/** A directory of a stage's root that is kept: what changes did on top of the ones below it. */
export interface Level {
  /** Names what is seen with this directory as the highest. */
  key: string;
  directory: string;
}

/** Raise when levels hold something else than before. */
const REVISION = 2;

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
      const directory = end === covered ? undefined : findRoot(this.#store, key);
      if (directory === undefined) continue;
      levels.push({ key, directory });
      covered = end;
      open = begin(key);
    }
    return { levels, covered };
  }

  /** Keeps a directory that holds what `changes` did on top of the level `below`, or the base of that name. */
  async keep(directory: string, below: string, changes: Iterable<Change>): Promise<Level> {
    const hash = begin(below);
    for (const change of changes) add(hash, change);
    const key = hash.digest('hex');
    return { key, directory: await keepRoot(this.#store, key, (kept) => renameSync(directory, kept)) };
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
  const { type, mode, uid, gid, mtime, size, link, sha, hardlink, capability, special } = node;
  const owned = [path, type, mode, uid, gid, mtime, size];
  hash.update(JSON.stringify([...owned, link, sha, hardlink, capability, special]));
}
