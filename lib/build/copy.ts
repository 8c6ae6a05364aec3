import { type Change, join, type Node, nameOf, newDirectory, parentOf, type Tree } from './tree.ts';
import { isWildcard, matches } from './wildcard.ts';

export interface CopyOptions {
  sources: string[];
  /** Absolute, with its trailing slash if it had one. */
  destination: string;
  /** The owner of what is copied and of directories made on the way (`--chown`); else owners stay, and those are root's. */
  owner?: { uid: number; gid: number };
  /** The mode of what is copied (`--chmod`). */
  mode?: number;
  /** The time of directories made on the way. */
  mtime: number;
}

/** What cannot be copied, told of in terms of the Dockerfile; the caller adds the line. */
export class CopyProblem extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'CopyProblem';
    this.code = code;
  }
}

/**
 * Copies from `source` into `target`, and answers what changed, by BuildKit's rules (fsutil `copy.Copy` with CopyDirContents, CreateDestPath and
 * FollowLinks): a directory's contents go into the destination; a file goes into it if it is a directory or ends with
 * a slash; a source that is itself a symlink is followed, one inside of a directory is copied; missing directories are
 * made with mode 755 and the owner of `--chown`. Touches no disk. Throws CopyProblem, with `target` then half changed.
 */
export function copyInto(target: Tree, source: Tree, options: CopyOptions): Change[] {
  const copier = new Copier(target, source, options);
  for (const pattern of options.sources) {
    const found = isWildcard(pattern) ? matches(source, pattern) : [pattern];
    if (found.length === 0) throw missing(pattern);
    for (const path of found) copier.copy(path);
  }
  return copier.changes();
}

function missing(path: string): CopyProblem {
  return new CopyProblem('source-missing', `${path} is not there, or is left out by .dockerignore`);
}

class Copier {
  readonly #target: Tree;
  readonly #source: Tree;
  readonly #options: CopyOptions;
  readonly #changed = new Set<string>();

  constructor(target: Tree, source: Tree, options: CopyOptions) {
    this.#target = target;
    this.#source = source;
    this.#options = options;
  }

  changes(): Change[] {
    return [...this.#changed].map((path) => ({ path, node: this.#target.get(path) as Node }));
  }

  copy(source: string): void {
    const from = this.#source.resolve(source, true);
    const node = from === undefined ? undefined : this.#source.get(from);
    if (from === undefined || node === undefined) throw missing(source);
    const { destination } = this.#options;
    const ensured = destination.slice(0, destination.lastIndexOf('/') + 1);
    this.#makeDirectories(this.#resolve(ensured));
    const to = this.#resolve(destination);
    const existing = this.#target.get(to);
    if (node.type === 'directory') {
      if (existing === undefined) this.#makeDirectories(to);
      else if (existing.type !== 'directory') throw notDirectory(to);
      this.#copyContents(from, to);
    } else {
      const name = nameOf(source.replace(/\/+$/, '')) || nameOf(from);
      this.#copyFile(node, existing?.type === 'directory' ? join(to, name) : to);
    }
  }

  #copyContents(from: string, to: string): void {
    for (const name of this.#source.names(from)) {
      const node = this.#source.get(join(from, name)) as Node;
      const path = join(to, name);
      if (node.type !== 'directory') {
        this.#copyFile(node, path);
        continue;
      }
      const existing = this.#target.get(path);
      if (existing !== undefined && existing.type !== 'directory') throw notDirectory(path);
      this.#put(path, this.#owned(node));
      this.#copyContents(join(from, name), path);
    }
  }

  #copyFile(node: Node, to: string): void {
    if (this.#target.get(to)?.type === 'directory') {
      throw new CopyProblem('copy-onto-directory', `/${to} is a directory and cannot become a file`);
    }
    if (node.type !== 'other') this.#put(to, this.#owned(node));
  }

  #owned(node: Node): Node {
    const { owner, mode } = this.#options;
    const { assumed: _, ...known } = node;
    const owned = { ...known, ...owner };
    return mode === undefined || node.type === 'symlink' ? owned : { ...owned, mode };
  }

  #makeDirectories(path: string): void {
    const existing = this.#target.get(path);
    if (existing?.type === 'directory') return;
    if (existing !== undefined) throw notDirectory(path);
    this.#makeDirectories(parentOf(path));
    this.#put(path, newDirectory(this.#options.mtime, this.#options.owner));
  }

  #put(path: string, node: Node): void {
    this.#target.set(path, node);
    this.#changed.add(path);
  }

  #resolve(path: string): string {
    const resolved = this.#target.resolve(path, true);
    if (resolved === undefined) throw new CopyProblem('copy-loop', `the symlinks of ${path} go in circles`);
    return resolved;
  }
}

function notDirectory(path: string): CopyProblem {
  return new CopyProblem('copy-onto-file', `/${path} is not a directory and cannot hold what is copied`);
}
