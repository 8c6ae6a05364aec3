import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Digest } from '../../image/types.ts';
import { keyOf, type Store } from '../store/store.ts';
import type { SharedFolder } from './folders.ts';
import type { CachePack } from './index.ts';
import { type Packed, unpackPack, writePack } from './pack.ts';

/** More packs than this are made one again. */
const MOST_PACKS = 12;

/** Go's own limit for what it did not use (cmd/go/internal/cache, trimLimit), in milliseconds. */
const UNUSED_MS = 5 * 24 * 60 * 60 * 1000;

/** A pack that claims to hold more than this many times its bytes, and more than a little, is hostile. */
const MOST_EXPANSION = 200;
const LITTLE = 64 * 1024 ** 2;

/** What a pack is replaced by. */
export interface NewPack extends Packed {
  folder: SharedFolder['name'];
  replaces: Digest[];
}

/**
 * The packs of one cache, seen from one machine: which are unpacked here, and what of a folder is in none. Kept apart by
 * repository, so that what one repository's builds made does not get into another's cache.
 */
export class Packs {
  readonly #store: Store;
  readonly #scope: string;

  constructor(store: Store, repository: string) {
    this.#store = store;
    this.#scope = keyOf(repository).slice(0, 32);
  }

  /** Unpacks a pack unless that was done before. Throws when it is not what it should be. */
  async unpack(
    pack: CachePack,
    size: number,
    folder: SharedFolder,
    open: () => Promise<Readable>,
  ): Promise<void> {
    if (existsSync(folder.root) && (await this.#names(pack.digest)) !== undefined) return;
    const staging = this.#store.path('remote', `unfinished-${randomUUID()}`);
    const limit = Math.min(pack.bytes, LITTLE + size * MOST_EXPANSION);
    const names = await unpackPack(await open(), folder, staging, limit);
    this.#remember(pack.digest, names);
  }

  /**
   * Packs what was written since `since` (ms since 1970), or packed before and never sent to its end, and is in no pack;
   * undefined when there is nothing.
   */
  async packNew(
    folder: SharedFolder,
    packs: readonly CachePack[],
    since: number,
  ): Promise<NewPack | undefined> {
    const known = await Promise.all(
      packs.map(async ({ digest }) => ({ digest, names: await this.#names(digest) })),
    );
    const mine = known.flatMap(({ digest, names }) => (names === undefined ? [] : [{ digest, names }]));
    const owned = new Set(mine.flatMap(({ names }) => names));
    const unsent = (await this.#store.read<string[]>('remote', this.#unsent(folder))) ?? [];
    const fresh = [...new Set([...unsent, ...freshFiles(folder, since)])].filter((path) => !owned.has(path));
    if (fresh.length === 0) return undefined;
    this.#store.write('remote', this.#unsent(folder), fresh);
    const isFull = packs.length >= MOST_PACKS;
    const paths = isFull ? newest(folder, [...owned, ...fresh]) : fresh;
    const packed = await writePack(folder, paths, this.#store.blobs);
    this.#remember(packed.digest, paths);
    return { ...packed, folder: folder.name, replaces: isFull ? mine.map(({ digest }) => digest) : [] };
  }

  /** Says that what was packed is where it belongs. */
  sent(folders: readonly SharedFolder[]): void {
    for (const folder of folders)
      rmSync(this.#store.path('remote', `${this.#unsent(folder)}.json`), { force: true });
  }

  #unsent({ name }: SharedFolder): string {
    return join(this.#scope, `unsent-${name}`);
  }

  #names(digest: Digest): Promise<string[] | undefined> {
    return this.#store.read<string[]>('remote', this.#key(digest));
  }

  #remember(digest: Digest, names: readonly string[]): void {
    this.#store.write('remote', this.#key(digest), names);
  }

  #key(digest: Digest): string {
    return join(this.#scope, digest.slice('sha256:'.length));
  }
}

/** The files that were written or used since, with what they need; in the folder itself and all below it. */
function freshFiles(folder: SharedFolder, since: number): string[] {
  const found = new Set<string>();
  const walk = (directory: string) => {
    for (const entry of readdirSync(join(folder.root, directory), { withFileTypes: true })) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && folder.holds(path) && usedAt(folder, path) >= since) {
        found.add(path);
        for (const needed of folder.with(path)) found.add(needed);
      }
    }
  };
  if (existsSync(folder.root)) walk('');
  return [...found];
}

function newest(folder: SharedFolder, paths: readonly string[]): string[] {
  const dated = [...new Set(paths)].map((path) => ({ path, at: usedAt(folder, path) }));
  const kept: string[] = [];
  let bytes = 0;
  for (const { path, at } of dated.sort((a, b) => b.at - a.at)) {
    if (Date.now() - at > UNUSED_MS) break;
    bytes += lstatSync(join(folder.root, path), { throwIfNoEntry: false })?.size ?? 0;
    if (bytes > folder.limit) break;
    kept.push(path);
  }
  return kept;
}

function usedAt(folder: SharedFolder, path: string): number {
  return lstatSync(join(folder.root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
