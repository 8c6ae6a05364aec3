import type { ArchiveEntry } from '../add/archive.ts';
import { unpackInto } from '../add/unpack-into.ts';
import { join, type Node, nameOf, newDirectory, parentOf, type Tree } from '../tree.ts';
import { CopyProblem, notDirectory } from './copy-problem.ts';
import type { ModeChange } from './mode.ts';
import { clean, compilePatterns, type Patterns } from './patterns.ts';
import { Target } from './target.ts';
import { isWildcard, matches } from './wildcard.ts';

/**
 * One source: a path, maybe with wildcards (`path`); one as it is, such as a file that was downloaded (`plain`); or
 * all of a tree, which becomes the destination (`whole`, git).
 */
export interface CopySource {
  tree: Tree;
  path: string;
  as: 'path' | 'plain' | 'whole';
}

export interface CopyOptions {
  /** Absolute, with its trailing slash if it had one. */
  destination: string;
  /** The owner of what is copied and of directories made on the way (`--chown`); else owners stay, and those are root's. */
  owner?: { uid: number; gid: number };
  /** The mode of what is copied (`--chmod`). */
  mode?: ModeChange;
  /** The time of directories made on the way. */
  mtime: number;
  /** `--exclude`, relative to each source directory. */
  exclude?: readonly string[];
  /** `--parents`: directories stay as they are in the source, from the pivot `/./` on. */
  parents?: boolean;
  /** What the files hold that are to be unpacked instead of copied (ADD). */
  archives?: ReadonlyMap<Node, readonly ArchiveEntry[]>;
}

/**
 * Copies sources into `target`, and answers what changed and which wildcards matched nothing if none did, by BuildKit's rules
 * (solver/llbsolver/file, fsutil `copy.Copy` with CopyDirContents, CreateDestPath and FollowLinks): a directory's
 * contents go into the destination; a file goes into it if it is a directory or ends with a slash; a source that is
 * itself a symlink is followed, one inside of a directory is copied; missing directories are made with mode 755 and
 * the owner of `--chown`. Touches no disk. Throws CopyProblem, with `target` then half changed.
 */
export function copyInto(target: Tree, sources: readonly CopySource[], options: CopyOptions) {
  const copier = new Copier(new Target(target), options);
  const unmatched: string[] = [];
  for (const source of sources) if (!copier.copy(source)) unmatched.push(source.path);
  // `COPY package.json yarn.lock* ./` names what may be there.
  return { changes: copier.target.changes(), unmatched: unmatched.length < sources.length ? [] : unmatched };
}

/** The paths that a source leads to, with symlinks followed, as far as there is something. */
export function sourcePaths({ tree, path, as }: CopySource): string[] {
  const found = as === 'path' && isWildcard(path) ? matches(tree, path) : [path];
  return found.flatMap((at) => tree.resolve(at, true) ?? []).filter((at) => tree.get(at) !== undefined);
}

interface Walk {
  tree: Tree;
  include?: Patterns;
  exclude?: Patterns;
  /** Directories on the way to what is copied that are not there yet. */
  pending: { node: Node; to: string }[];
}

class Copier {
  readonly target: Target;
  readonly #options: CopyOptions;
  readonly #exclude: Patterns | undefined;
  #copied = 0;

  constructor(target: Target, options: CopyOptions) {
    this.target = target;
    this.#options = options;
    const { exclude = [] } = options;
    this.#exclude = exclude.length === 0 ? undefined : compilePatterns(exclude);
  }

  /** Answers whether there was anything to copy. */
  copy(source: CopySource): boolean {
    const { tree, path, as } = source;
    if (as === 'path' && this.#options.parents) return this.#copyParents(tree, path);
    if (as === 'path' && isWildcard(path)) {
      const found = matches(tree, path).filter((at) => !this.#exclude?.match(at.slice(baseLength(at, path))));
      for (const at of found) this.#copyOne(tree, at);
      return found.length > 0;
    }
    this.#copyOne(tree, path, as === 'whole');
    return true;
  }

  #copyParents(tree: Tree, source: string): boolean {
    const pivot = source.indexOf('/./');
    const root = pivot < 0 ? '' : source.slice(0, pivot);
    const pattern = clean(pivot < 0 ? source : source.slice(pivot + 3));
    const isLiteral = !isWildcard(source);
    if (isLiteral && tree.get(tree.resolve(join(root, pattern), true) ?? '-') === undefined)
      throw missing(source);
    const include = pattern === '' ? undefined : compilePatterns([`./${pattern}`]);
    const before = this.target.size;
    for (const at of isWildcard(root) ? matches(tree, root) : [root]) this.#copyOne(tree, at, false, include);
    return isLiteral || this.target.size > before;
  }

  #copyOne(tree: Tree, source: string, isWhole = false, include?: Patterns): void {
    const from = tree.resolve(source, true);
    const node = from === undefined ? undefined : tree.get(from);
    if (from === undefined || node === undefined) throw missing(source);
    this.#copied++;
    const { destination, mtime, owner, archives } = this.#options;
    const makeDirectories = (path: string) => this.target.makeDirectories(path, newDirectory(mtime, owner));
    makeDirectories(this.#resolve(destination.slice(0, destination.lastIndexOf('/') + 1)));
    const to = this.#resolve(destination);
    const existing = this.target.get(to);
    const entries = archives?.get(node);
    if (entries !== undefined) {
      makeDirectories(to);
      const archive = node.sha ?? source;
      unpackInto(this.target, to, entries, { mtime, archive, ...(owner === undefined ? {} : { owner }) });
      return;
    }
    if (node.type !== 'directory') {
      const name = nameOf(source.replace(/\/+$/, '')) || nameOf(from);
      this.#copyFile(node, existing?.type === 'directory' ? join(to, name) : to);
      return;
    }
    if (existing !== undefined && existing.type !== 'directory') throw notDirectory(to);
    if (existing === undefined && isWhole) {
      makeDirectories(parentOf(to));
      this.target.put(to, this.#owned(node));
    } else if (existing === undefined) makeDirectories(to);
    const exclude = this.#exclude;
    const walk: Walk = { tree, pending: [], ...(include && { include }), ...(exclude && { exclude }) };
    this.#copyContents(walk, from, to, '');
  }

  #copyContents(walk: Walk, from: string, to: string, below: string): void {
    const { tree, include, exclude, pending } = walk;
    for (const name of tree.names(from)) {
      const node = tree.get(join(from, name)) as Node;
      const path = join(to, name);
      const relative = join(below, name);
      const isOut = exclude?.match(relative) ?? false;
      const isIn = !isOut && (include?.match(relative) ?? true);
      if (isIn) this.#makePending(pending);
      if (node.type !== 'directory') {
        if (isIn) this.#copyFile(node, path);
        continue;
      }
      if (isOut && exclude?.hasExceptions !== true) continue;
      if (isIn) this.#putDirectory(path, node);
      else pending.push({ node, to: path });
      this.#copyContents(walk, join(from, name), path, relative);
      if (!isIn) pending.pop();
    }
  }

  #makePending(pending: Walk['pending']): void {
    for (const { node, to } of pending) {
      const existing = this.target.get(to);
      if (existing === undefined) this.target.put(to, this.#owned(node));
      else if (existing.type !== 'directory') throw notDirectory(to);
      // Of those that are there, only the mode is taken over.
      else if (existing.mode !== node.mode && !this.target.isChanged(to))
        this.target.put(to, { ...existing, mode: node.mode });
    }
  }

  #putDirectory(path: string, node: Node): void {
    const existing = this.target.get(path);
    if (existing !== undefined && existing.type !== 'directory') throw notDirectory(path);
    this.target.put(path, this.#owned(node));
  }

  #copyFile(node: Node, to: string): void {
    if (this.target.get(to)?.type === 'directory') {
      throw new CopyProblem('copy-onto-directory', `/${to} is a directory and cannot become a file`);
    }
    if (node.type !== 'other' || node.special !== undefined) this.target.put(to, this.#owned(node));
  }

  #owned(node: Node): Node {
    const { owner, mode } = this.#options;
    const { assumed: _, hardlink, ...known } = node;
    // Names of one file stay that where one source has them, as in fsutil's copier, which is made anew for each.
    const linked = hardlink === undefined ? {} : { hardlink: `${hardlink} ${this.#copied}` };
    const owned = { ...known, ...linked, ...owner };
    if (mode === undefined || node.type === 'symlink') return owned;
    return { ...owned, mode: mode(node.mode, node.type === 'directory') };
  }

  #resolve(path: string): string {
    const resolved = this.target.tree.resolve(path, true);
    if (resolved === undefined) throw new CopyProblem('copy-loop', `the symlinks of ${path} go in circles`);
    return resolved;
  }
}

/** How much of what matched `pattern` is what its exclusions are relative to: the names before those that it matched. */
function baseLength(found: string, pattern: string): number {
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  const matched = names.length - names.findIndex(isWildcard);
  return found.split('/').slice(0, -matched).join('/').length + (found.split('/').length > matched ? 1 : 0);
}

function missing(path: string): CopyProblem {
  return new CopyProblem('source-missing', `${path} is not there`);
}
