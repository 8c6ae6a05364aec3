import type { Layer } from '../image/types.ts';

/** Where a file's bytes are: on this machine, or in a layer that was never downloaded. */
type Content = { from: 'disk'; file: string; stamp?: string } | ({ from: 'layer'; layer: Layer } & InLayer);

/** Which entry of a layer has the bytes of a file. */
export interface InLayer {
  path: string;
  /** Of several files of this path which one, from 0; the first one when it is left out. */
  nth?: number;
}

/** What the index of a stage's file system knows of one path. We need not be root: owners live here, not on disk. */
export interface Node {
  type: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits with set-user-id, set-group-id and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970. */
  mtime: number;
  size: number;
  /** A symlink's text. */
  link?: string;
  content?: Content;
  /** sha256 of the bytes in hexadecimal, once it is known. */
  sha?: string;
  /** What several names of one file have in common: where they are changed together, they stay one file. */
  hardlink?: string;
  /** The extended attribute `security.capability`, in base64: what the program may do though nobody made it root. */
  capability?: string;
  /** What `other` is; without it, something that the builder cannot make again (a socket). */
  special?: Special;
  /**
   * Not looked up in the base, but assumed: a `directory` with this owner and mode, of which we do not know what else
   * it holds; or `something`, a directory or a symlink to one.
   */
  assumed?: 'directory' | 'something';
}

/** A named pipe or a device. */
export type Special = { kind: 'fifo' } | { kind: 'character' | 'block'; major: number; minor: number };

/** What a step did to one path; a removal takes along what the path held. */
export type Change = { path: string; node: Node } | { path: string; node?: undefined };

/** Bytes of the longest path that Linux takes, and of a name in it (limits.h: PATH_MAX with its end, NAME_MAX). */
export const LONGEST_PATH = 4095;
export const LONGEST_NAME = 255;

/** As many symlinks as Linux follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * A file system as an index from path to node. Paths are relative to its root, `/` between names, '' is the root.
 * Nothing here touches a disk.
 */
export class Tree {
  readonly #nodes = new Map<string, Node>();
  readonly #children = new Map<string, Set<string>>();

  constructor() {
    this.#nodes.set('', { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 });
  }

  get(path: string): Node | undefined {
    return this.#nodes.get(path);
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** The names in a directory, in byte order. */
  names(path: string): string[] {
    return [...(this.#children.get(path) ?? [])].sort(byBytes);
  }

  /** All paths below `path`, without itself, each directory before what it holds. */
  *below(path: string): Generator<[string, Node]> {
    const todo = [path];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      const node = this.#nodes.get(at);
      if (at !== path && node === undefined) continue;
      if (at !== path && node !== undefined) yield [at, node];
      if (at !== path && node?.type !== 'directory') continue;
      for (const name of this.names(at).reverse()) todo.push(join(at, name));
    }
  }

  set(path: string, node: Node): void {
    const before = this.#nodes.get(path);
    if (before?.type === 'directory' && node.type !== 'directory') this.remove(path);
    this.#nodes.set(path, node);
    if (path === '') return;
    const parent = parentOf(path);
    const siblings = this.#children.get(parent) ?? new Set();
    siblings.add(nameOf(path));
    this.#children.set(parent, siblings);
  }

  remove(path: string): void {
    for (const name of this.#children.get(path) ?? []) this.remove(join(path, name));
    this.#children.delete(path);
    if (path === '') return;
    this.#nodes.delete(path);
    this.#children.get(parentOf(path))?.delete(nameOf(path));
  }

  apply(changes: Iterable<Change>): void {
    for (const { path, node } of changes) {
      if (node === undefined) this.remove(path);
      else this.set(path, node);
    }
  }

  clone(): Tree {
    const copy = new Tree();
    copy.#nodes.clear();
    for (const [path, node] of this.#nodes) copy.#nodes.set(path, node);
    for (const [path, names] of this.#children) copy.#children.set(path, new Set(names));
    return copy;
  }

  /**
   * The path that the kernel would reach for `path` in a root of its own: `..` stops at the root, symlinks are
   * followed inside of it, the last one only when `followLast`. Names that do not exist stay as they are. Nothing
   * when symlinks go in circles, or to where no path is short enough for.
   */
  resolve(path: string, followLast: boolean): string | undefined {
    const todo = path.split('/').reverse();
    let at = '';
    let links = 0;
    while (todo.length > 0) {
      const name = todo.pop() as string;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        at = parentOf(at);
        continue;
      }
      const next = join(at, name);
      if (next.length > LONGEST_PATH) return undefined;
      const node = this.#nodes.get(next);
      if (node?.type !== 'symlink' || (todo.every((rest) => rest === '') && !followLast)) {
        at = next;
        continue;
      }
      if (++links > MOST_LINKS) return undefined;
      const target = node.link ?? '';
      if (target.startsWith('/')) at = '';
      todo.push(...target.split('/').reverse());
    }
    return at;
  }
}

export function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A new directory as the builder makes it where one is missing. */
export function newDirectory(mtime: number, owner = { uid: 0, gid: 0 }, mode = 0o755): Node {
  return { type: 'directory', mode, ...owner, mtime, size: 0 };
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
