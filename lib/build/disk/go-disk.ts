import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { stampOf } from '../plan/context.ts';
import { type Store, writeWhole } from '../store/store.ts';
import { type Change, join, type Node, parentOf, type Tree } from '../tree.ts';
import { type Attributes, DiskAttributes, onDiskMode } from './attributes.ts';

/** What was on disk when it was last looked at. */
interface Seen extends Attributes {
  type: Node['type'];
  /** A file's stamp, a symlink's text. */
  stamp: string;
  /** A file's hash, where we wrote or kept it. */
  sha?: string;
}

/**
 * A stage's files on disk, for commands that need them there. The directory stays between builds, so that only what
 * differs is written again, and Go finds its packages where they were. Times are in the tree alone.
 */
export class GoDisk {
  readonly root: string;
  /** Whose the files are, and their whole modes. */
  readonly attributes = new DiskAttributes();
  readonly #store: Store;
  readonly #indexFile: string;
  #seen: Map<string, Seen>;

  constructor(root: string, store: Store) {
    this.root = root;
    this.#store = store;
    this.#indexFile = `${root}.index.json`;
    this.#seen = readIndex(this.#indexFile);
  }

  /** Makes the directory what `tree` says; every file has to have its content on this machine, and its hash. */
  put(tree: Tree): void {
    mkdirSync(this.root, { recursive: true });
    const onDisk = this.#look();
    const next = new Map<string, Seen>();
    for (const [path, node] of tree.below('')) {
      if (node.type === 'other') continue;
      const found = onDisk.get(path);
      const isThere = found !== undefined && this.#isAs(path, node, found, tree);
      if (!isThere) {
        if (found !== undefined && !(found.type === 'directory' && node.type === 'directory'))
          this.#delete(path);
        this.#write(path, node, tree);
      }
      const isPlain = node.uid === 0 && node.gid === 0 && isOnDisk(node);
      if (!isPlain) this.attributes.set(this.#at(path), node);
      const seen = isThere && isPlain ? found : this.#lookAt(path);
      next.set(path, { ...seen, ...(node.sha === undefined ? {} : { sha: node.sha }) });
    }
    for (const path of onDisk.keys()) if (!next.has(path) && !isGone(path, next, onDisk)) this.#delete(path);
    this.#seen = next;
  }

  /**
   * What commands changed since `put` or the last call; the bytes are kept in the store. New files are root's.
   * `finish` may change an executable before it is kept.
   */
  async changes(tree: Tree, mtime: number, finish: (file: string) => Promise<void>): Promise<Change[]> {
    const changes: Change[] = [];
    const now = this.#look();
    for (const path of this.#seen.keys()) {
      if (now.has(path) || isGone(path, now, this.#seen)) continue;
      changes.push({ path });
    }
    for (const [path, found] of now) {
      const before = this.#seen.get(path);
      if (before !== undefined && isSame(before, found)) {
        if (before.sha !== undefined) found.sha = before.sha;
        continue;
      }
      if (found.type === 'file' && (found.mode & 0o100) !== 0) {
        await finish(this.#at(path));
        found.stamp = this.#lookAt(path).stamp;
      }
      const node = await this.#nodeAt(path, found, mtime);
      if (node !== undefined && !isEqual(tree.get(path), node)) changes.push({ path, node });
    }
    this.#seen = now;
    return changes;
  }

  /** Remembers what is on disk, for the next build. */
  save(): void {
    writeWhole(this.#indexFile, JSON.stringify([...this.#seen]));
  }

  async #nodeAt(path: string, found: Seen, mtime: number) {
    const { mode, uid, gid } = found;
    const common = { mode, uid, gid, mtime, size: 0 };
    if (found.type === 'directory') return { ...common, type: 'directory' } satisfies Node;
    if (found.type === 'symlink')
      return { ...common, type: 'symlink', link: this.#unmapped(found.stamp) } satisfies Node;
    if (found.type === 'other') return undefined;
    const { sha, size } = await this.#store.keepFile(this.#at(path));
    found.sha = sha;
    const content = { from: 'disk' as const, file: this.#store.file(sha) };
    return { ...common, type: 'file', size, sha, content } satisfies Node;
  }

  #at(path: string): string {
    return `${this.root}/${path}`;
  }

  #look(): Map<string, Seen> {
    const found = new Map<string, Seen>();
    const walk = (path: string) => {
      for (const name of readdirSync(this.#at(path))) {
        const child = join(path, name);
        const seen = this.#lookAt(child);
        found.set(child, seen);
        if (seen.type === 'directory') walk(child);
      }
    };
    walk('');
    return found;
  }

  #lookAt(path: string): Seen {
    const stat = lstatSync(this.#at(path), { bigint: true });
    const attributes = this.attributes.of(stat);
    if (stat.isDirectory()) return { type: 'directory', ...attributes, stamp: '' };
    if (stat.isSymbolicLink())
      return { type: 'symlink', ...attributes, mode: 0o777, stamp: readlinkSync(this.#at(path)) };
    return { type: stat.isFile() ? 'file' : 'other', ...attributes, stamp: stampOf(stat) };
  }

  #isAs(path: string, node: Node, found: Seen, tree: Tree): boolean {
    if (node.type !== found.type) return false;
    if (node.type === 'symlink') return found.stamp === this.#mapped(path, node.link ?? '', tree);
    if (found.mode !== onDiskMode(node)) return false;
    if (node.type === 'directory') return true;
    const before = this.#seen.get(path);
    return before?.sha !== undefined && before.sha === node.sha && before.stamp === found.stamp;
  }

  #write(path: string, node: Node, tree: Tree): void {
    const target = this.#at(path);
    if (node.type === 'directory') mkdirSync(target, { recursive: true });
    else if (node.type === 'symlink') {
      symlinkSync(this.#mapped(path, node.link ?? '', tree), target);
      return;
    } else if (node.content?.from === 'disk')
      copyFileSync(node.content.file, target, constants.COPYFILE_FICLONE);
    chmodSync(target, onDiskMode(node));
    if (node.sha !== undefined) utimesSync(target, timeOf(node.sha), timeOf(node.sha));
  }

  // A symlink must not lead a command out of the root: absolute ones, and those that climb, begin at the root.
  #mapped(path: string, text: string, tree: Tree): string {
    const depth = parentOf(path) === '' ? 0 : parentOf(path).split('/').length;
    const climbs = /^(?:\.\.\/)*(?:\.\.$)?/.exec(text)?.[0].split('..').length ?? 1;
    const rest = text.replace(/^(?:\.\.(?:\/|$))*/, '');
    const stays = !text.startsWith('/') && climbs - 1 <= depth && !rest.split('/').includes('..');
    if (stays) return text;
    const inside = tree.resolve(text.startsWith('/') ? text : join(parentOf(path), text), true);
    // Links in a circle lead nowhere; this one does not either.
    return `${this.root}/${inside ?? path}`;
  }

  #unmapped(text: string): string {
    return text.startsWith(`${this.root}/`) ? text.slice(this.root.length) : text;
  }

  #delete(path: string): void {
    removeTree(this.#at(path));
  }
}

/**
 * The mtime of a file with these bytes, in seconds since 1970: long ago, and another one for other bytes. What writes to
 * the file changes it, however soon, and Go takes what it knows of a directory by times for what the files are now; of one
 * in which a file was written a moment ago it believes nothing (cmd/go/internal/modindex).
 */
function timeOf(sha: string): number {
  return Number.parseInt(sha.slice(0, 7), 16) + Number.parseInt(sha.slice(7, 12), 16) / 2 ** 20;
}

function isOnDisk(node: Node): boolean {
  return node.type === 'symlink' || onDiskMode(node) === node.mode;
}

function isSame(a: Seen, b: Seen): boolean {
  return a.type === b.type && a.stamp === b.stamp && isAttributed(a, b);
}

function isAttributed(a: Attributes, b: Attributes): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

function isEqual(before: Node | undefined, now: Node): boolean {
  if (before === undefined || before.type !== now.type) return false;
  if (now.type === 'symlink')
    return before.link === now.link && before.uid === now.uid && before.gid === now.gid;
  return isAttributed(before, now) && before.sha === now.sha;
}

/** Whether a directory above `path` is gone as well, and tells of it. */
function isGone(path: string, now: Map<string, Seen>, before: Map<string, Seen>): boolean {
  const parent = parentOf(path);
  return parent !== '' && before.has(parent) && !now.has(parent);
}

function readIndex(file: string): Map<string, Seen> {
  try {
    return new Map(JSON.parse(readFileSync(file, 'utf8')) as [string, Seen][]);
  } catch {
    return new Map();
  }
}
