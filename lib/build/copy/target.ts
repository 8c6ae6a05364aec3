import { type Change, join, type Node, parentOf, type Tree } from '../tree.ts';
import { notDirectory } from './copy-problem.ts';

/** A tree that is copied into, with what that changed. */
export class Target {
  readonly tree: Tree;
  readonly #changed = new Set<string>();
  /** What directories held that were replaced, one level of it. */
  readonly #gone = new Set<string>();

  constructor(tree: Tree) {
    this.tree = tree;
  }

  /** How many paths were changed. */
  get size(): number {
    return this.#changed.size;
  }

  isChanged(path: string): boolean {
    return this.#changed.has(path);
  }

  get(path: string): Node | undefined {
    return this.tree.get(path);
  }

  put(path: string, node: Node): void {
    this.tree.set(path, node);
    this.#changed.add(path);
  }

  /** Takes away what stands at a path, with all that it holds. */
  replace(path: string, node: Node): void {
    for (const name of this.tree.names(path)) this.#gone.add(join(path, name));
    if (this.tree.get(path)?.type === 'directory') this.tree.remove(path);
    this.put(path, node);
  }

  /** Makes the directories that are missing on the way to `path`, and itself. Throws CopyProblem. */
  makeDirectories(path: string, directory: Node): void {
    const existing = this.tree.get(path);
    if (existing?.type === 'directory') return;
    if (existing !== undefined) throw notDirectory(path);
    this.makeDirectories(parentOf(path), directory);
    this.put(path, { ...directory });
  }

  /** In the order in which they happened; what a directory lost that was replaced, and made again, is removed first. */
  changes(): Change[] {
    const changes: Change[] = [];
    for (const path of this.#gone) {
      const isHidden = this.tree.get(parentOf(path))?.type !== 'directory';
      if (!isHidden && this.tree.get(path) === undefined) changes.push({ path });
    }
    for (const path of this.#changed) {
      const node = this.tree.get(path);
      if (node !== undefined) changes.push({ path, node });
    }
    return changes;
  }
}
