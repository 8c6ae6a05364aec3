import { CopyProblem } from '../copy/copy-problem.ts';
import type { GitPack } from './git-pack.ts';

/** A file, symlink or submodule of a commit. */
export interface GitFile {
  /** From the repository's root. */
  path: string;
  kind: 'file' | 'executable' | 'symlink' | 'submodule';
  object: string;
}

/** Trees nested deeper than this are nobody's. */
const DEEPEST = 200;

/** More names than this no repository has: a tree that holds others many times over has as many as one likes. */
const MOST_NAMES = 1_000_000;

/** The commit that an object is, or that a tag leads to. Throws CopyProblem. */
export function commitOf(pack: GitPack, name: string): string {
  let at = name;
  for (let tags = 0; tags < 10; tags++) {
    const { type, data } = pack.read(at);
    if (type === 'commit') return at;
    const target = type === 'tag' ? /^object ([0-9a-f]{40})$/m.exec(data.toString('latin1'))?.[1] : undefined;
    if (target === undefined) break;
    at = target;
  }
  throw new CopyProblem('bad-git', `${name} is no commit`);
}

/** All files of a commit, in the order of their paths (gitformat-index). Throws CopyProblem for names that are none. */
export function filesOf(pack: GitPack, commit: string): GitFile[] {
  const tree = /^tree ([0-9a-f]{40})\n/.exec(read(pack, commit, 'commit').toString('latin1', 0, 64))?.[1];
  if (tree === undefined) throw new CopyProblem('bad-git', `the commit ${commit} has no files`);
  const files: GitFile[] = [];
  let names = 0;
  const walk = (object: string, above: string, depth: number) => {
    if (depth > DEEPEST) throw new CopyProblem('bad-git', 'its directories are nested without end');
    for (const { mode, name, object: child } of entries(read(pack, object, 'tree'))) {
      if (++names > MOST_NAMES) throw new CopyProblem('bad-git', `it has more than ${MOST_NAMES} files`);
      const path = above === '' ? name : `${above}/${name}`;
      if (mode === 0o40000) walk(child, path, depth + 1);
      else files.push({ path, kind: kindOf(mode, path), object: child });
    }
  };
  walk(tree, '', 0);
  return files;
}

function read(pack: GitPack, name: string, wanted: 'commit' | 'tree'): Buffer {
  const { type, data } = pack.read(name);
  if (type !== wanted) throw new CopyProblem('bad-git', `${name} is a ${type}, not a ${wanted}`);
  return data;
}

function* entries(tree: Buffer): Generator<{ mode: number; name: string; object: string }> {
  for (let at = 0; at < tree.length; ) {
    const blank = tree.indexOf(0x20, at);
    const zero = tree.indexOf(0, at);
    if (blank < at || zero < blank || zero + 21 > tree.length)
      throw new CopyProblem('bad-git', 'one of its directories is not readable');
    const name = tree.toString('utf8', blank + 1, zero);
    // What git itself refuses to check out.
    if (name === '' || name === '.' || name === '..' || name.includes('/') || /^\.git$/i.test(name))
      throw new CopyProblem('bad-git', `it has a file named ${JSON.stringify(name)}, which leads elsewhere`);
    yield {
      mode: Number.parseInt(tree.toString('latin1', at, blank), 8),
      name,
      object: tree.toString('hex', zero + 1, zero + 21),
    };
    at = zero + 21;
  }
}

function kindOf(mode: number, path: string): GitFile['kind'] {
  if (mode === 0o160000) return 'submodule';
  if (mode === 0o120000) return 'symlink';
  if ((mode & 0o170000) !== 0o100000) throw new CopyProblem('bad-git', `${path} is of an unknown kind`);
  return (mode & 0o100) === 0 ? 'file' : 'executable';
}
