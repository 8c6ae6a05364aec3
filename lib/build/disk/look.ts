import { type BigIntStats, chmodSync, lstatSync, readdirSync } from 'node:fs';
import { refuseBadName } from '../names.ts';
import { join } from '../tree.ts';

/** What is on disk at one path. */
export interface Seen {
  /** Differs when it was changed. */
  stamp: string;
  ino: bigint;
  nlink: number;
  kind: 'file' | 'directory' | 'symlink' | 'special';
}

/** All that is below a directory, a directory before what it holds. Throws `build/bad-name`. */
export function look(top: string): Map<string, Seen> {
  const found = new Map<string, Seen>();
  const walk = (path: string) => {
    for (const name of readable(`${top}/${path}`, namesIn, 0o500)) {
      const child = join(path, name);
      const seen = seenAs(lstatSync(`${top}/${child}`, { bigint: true }));
      found.set(child, seen);
      if (seen.kind === 'directory') walk(child);
    }
  };
  walk('');
  return found;
}

function seenAs(stat: BigIntStats): Seen {
  const { ino, size, mode, mtimeNs, ctimeNs, uid, gid, rdev, nlink } = stat;
  const isDirectory = stat.isDirectory();
  const times = isDirectory ? '' : `:${size}:${mtimeNs}:${ctimeNs}`;
  const kind = isDirectory
    ? 'directory'
    : stat.isFile()
      ? 'file'
      : stat.isSymbolicLink()
        ? 'symlink'
        : 'special';
  return { stamp: `${ino}:${mode}:${uid}:${gid}:${rdev}${times}`, ino, nlink: Number(nlink), kind };
}

function namesIn(directory: string): string[] {
  const names = readdirSync(directory);
  for (const name of names) refuseBadName(directory, name, MADE);
  return names;
}

/** What is said of names that cannot be read. */
export const MADE = {
  operation: 'reading what a RUN made',
  remedy: 'let the RUN remove it, or make it in UTF-8',
};

/** Reads what its owner may not read; an ordinary user's RUN may make such things, being root in there. */
export function readable<T>(path: string, read: (path: string) => T, bits: number): T {
  if (process.getuid?.() === 0) return read(path);
  const mode = lstatSync(path).mode & 0o7777;
  if ((mode & bits) === bits) return read(path);
  chmodSync(path, mode | bits);
  const answer = read(path);
  const restore = () => chmodSync(path, mode);
  if (answer instanceof Promise) return answer.finally(restore) as T;
  restore();
  return answer;
}
