import { refuseChanged } from '../copy/unchanged.ts';
import type { Node } from '../tree.ts';
import { hashFile } from './hash-file.ts';
import type { Store } from './store.ts';

/** Bytes that are read at a time. */
const CHUNK = 1024 * 1024;

/** Above this many files the memo begins anew, so that it cannot grow without end. */
const MOST_REMEMBERED = 200_000;

/**
 * Hashes of the context's files, remembered by inode, size, mtime and ctime, so that a file that nobody touched is
 * not read again by the next build of the same directory.
 */
export class Hashes {
  readonly #store: Store;
  readonly #key: string;
  readonly #known: Map<string, string>;
  readonly #scratch = Buffer.allocUnsafe(CHUNK);
  #isChanged = false;

  private constructor(store: Store, key: string, known: Map<string, string>) {
    this.#store = store;
    this.#key = key;
    this.#known = known;
  }

  static async open(store: Store, key: string): Promise<Hashes> {
    const record = await store.read<[string, string][]>('hashes', key);
    return new Hashes(store, key, new Map((record?.length ?? 0) > MOST_REMEMBERED ? [] : record));
  }

  /** Fills in `sha` where it is missing. */
  async fill(nodes: Iterable<Node>): Promise<void> {
    for (const node of nodes) {
      if (node.type !== 'file' || node.sha !== undefined || node.content?.from !== 'disk') continue;
      node.sha = await this.#hash(node, node.content);
    }
  }

  async #hash(node: Node, { file, stamp }: { file: string; stamp?: string }): Promise<string> {
    const known = stamp === undefined ? undefined : this.#known.get(stamp);
    if (known !== undefined) return known;
    const { sha } = await hashFile(file, undefined, this.#scratch).finally(() => refuseChanged([node]));
    if (stamp !== undefined && isSettled(stamp)) {
      this.#known.set(stamp, sha);
      this.#isChanged = true;
    }
    return sha;
  }

  save(): void {
    if (this.#isChanged) this.#store.write('hashes', this.#key, [...this.#known]);
  }
}

const TICK_NS = 1_000_000_000n;

// A file that was written a moment ago may be written again within the same tick of the file system's clock.
function isSettled(stamp: string): boolean {
  const ctime = BigInt(stamp.slice(stamp.lastIndexOf(':') + 1));
  return BigInt(Date.now()) * 1_000_000n - ctime > TICK_NS;
}
