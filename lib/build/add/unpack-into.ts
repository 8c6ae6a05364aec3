import { CopyProblem, notDirectory } from '../copy/copy-problem.ts';
import type { Target } from '../copy/target.ts';
import { join, type Node, newDirectory, parentOf } from '../tree.ts';
import type { ArchiveEntry } from './archive.ts';

/** As many symlinks as BuildKit follows for one entry. */
const MOST_LINKS = 255;

/**
 * Unpacks an archive's entries into the directory `root` of `target` (BuildKit, solver/llbsolver/file/unpack_root.go):
 * the directory is a root of its own to them, so that `..`, absolute paths and symlinks lead nowhere else. An entry
 * replaces what is there, a directory only what is none; directories that the archive lacks are root's, with mode 755.
 * Names of one file stay that; `archive` tells those of one archive from others'. Throws CopyProblem.
 */
export function unpackInto(
  target: Target,
  root: string,
  entries: readonly ArchiveEntry[],
  { owner, mtime, archive }: { owner?: { uid: number; gid: number }; mtime: number; archive: string },
): void {
  for (const { path, kind, node, link } of entries) {
    const to = locate(target, root, path, node.type === 'directory');
    if (to === root) continue;
    for (const above of missingAbove(target, to, root)) target.put(above, newDirectory(mtime));
    const own: Node = { ...node, ...owner };
    if (kind === 'hardlink') {
      const original = locate(target, root, link ?? '', false);
      const linked = target.get(original);
      if (linked === undefined || linked.type === 'directory') throw badLink(path, link);
      const { mode, uid, gid, mtime: time } = own;
      const hardlink = linked.hardlink ?? `${archive} ${original}`;
      const both =
        linked.type === 'symlink'
          ? { ...linked, uid, gid }
          : { ...linked, mode, uid, gid, mtime: time, hardlink };
      target.put(original, both);
      if (to !== original) target.replace(to, both);
    } else if (own.type === 'directory' && target.get(to)?.type === 'directory') target.put(to, own);
    else target.replace(to, own);
  }
}

function missingAbove(target: Target, path: string, root: string): string[] {
  const missing: string[] = [];
  for (let above = parentOf(path); above !== root; above = parentOf(above)) {
    const existing = target.get(above);
    if (existing?.type === 'directory') break;
    if (existing !== undefined) throw notDirectory(above);
    missing.unshift(above);
  }
  return missing;
}

/** Where an entry ends up: symlinks on the way are followed below `root`, the last one for a directory alone. */
function locate(target: Target, root: string, path: string, followLast: boolean): string {
  let todo = namesOf(path, path);
  let at: string[] = [];
  let links = 0;
  while (todo.length > 0) {
    const name = todo[0] as string;
    const rest = todo.slice(1);
    const node = target.get(join(root, [...at, name].join('/')));
    if (node?.type !== 'symlink' || (rest.length === 0 && !followLast)) {
      at.push(name);
      todo = rest;
      continue;
    }
    if (++links > MOST_LINKS)
      throw new CopyProblem('bad-archive', `the symlinks on the way to ${path} go in circles`);
    const text = node.link ?? '';
    const led = namesOf(text.startsWith('/') ? text : [...at, text].join('/'), path);
    todo = [...led, ...rest];
    at = [];
  }
  return join(root, at.join('/')).replace(/\/$/, '');
}

/** The names of a path below the root, with `..` taken out; one that climbs out of it is an error. */
function namesOf(text: string, path: string): string[] {
  const names: string[] = [];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined)
      throw new CopyProblem('bad-archive', `its entry ${JSON.stringify(path)} leads out of the destination`);
  }
  return names;
}

function badLink(path: string, link: string | undefined): CopyProblem {
  return new CopyProblem(
    'bad-archive',
    `its entry ${JSON.stringify(path)} is a hard link to ${link}, which is no file in it`,
  );
}
