import { lstatSync, readdirSync } from 'node:fs';
import type { IgnoreRules } from '../../dockerfile/ignore.ts';
import { linkAt, refuseBadName } from '../names.ts';
import { join, type Node, Tree } from '../tree.ts';

const CONTEXT = {
  operation: 'reading the build context',
  remedy: 'rename it, or make it anew in UTF-8',
};

/**
 * The build context as a tree: everything that the ignore rules let in, owned by root, with the times set to `mtime`
 * (a checkout's times say when it was checked out, and would give every checkout another digest). No bytes are read.
 * Throws `build/bad-name`.
 */
export function readContext(directory: string, rules: IgnoreRules, mtime: number): Tree {
  const tree = new Tree();
  walk('');
  return tree;

  function walk(path: string): void {
    for (const entry of readdirSync(join(directory, path), { withFileTypes: true })) {
      const child = join(path, entry.name);
      const isOut = rules.ignores(child);
      if (isOut && !(rules.hasExceptions && entry.isDirectory())) continue;
      refuseBadName(join(directory, path), entry.name, CONTEXT);
      const node = readNode(`${directory}/${child}`, mtime);
      if (!isOut && node.type !== 'other') place(child, node);
      if (node.type === 'directory') walk(child);
    }
  }

  // What a `!` rule lets in brings the directories above it along.
  function place(path: string, node: Node): void {
    const slash = path.lastIndexOf('/');
    const parent = path.slice(0, Math.max(slash, 0));
    if (tree.get(parent) === undefined) place(parent, readNode(`${directory}/${parent}`, mtime));
    tree.set(path, node);
  }
}

function readNode(file: string, mtime: number): Node {
  const stat = lstatSync(file, { bigint: true });
  const common = { mode: Number(stat.mode & 0o7777n), uid: 0, gid: 0, mtime, size: 0 };
  if (stat.isDirectory()) return { ...common, type: 'directory' };
  if (stat.isSymbolicLink()) return { ...common, type: 'symlink', link: linkAt(file, CONTEXT) };
  if (!stat.isFile()) return { ...common, type: 'other' };
  const stamp = stampOf(stat);
  const hardlink = stat.nlink > 1n ? { hardlink: `${stat.dev}:${stat.ino}` } : {};
  return {
    ...common,
    type: 'file',
    size: Number(stat.size),
    content: { from: 'disk', file, stamp },
    ...hardlink,
  };
}

/** What a stamp is made of (stat(2)). */
type Stamped = Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>;

/**
 * What changes whenever a file's bytes do: `ctime` cannot be put back as `mtime` can. With the device, as a context may
 * reach over several file systems, each with its own numbers.
 */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: Stamped): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
