import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../image/entry.ts';
import { keyOf } from '../store/store.ts';

/** A cache mount as it is now. */
export interface MountSnapshot {
  entries: Entry[];
  /** Of the files. */
  bytes: number;
  /** The same where the same is in it, on whichever machine. */
  fingerprint: string;
  /** The same while nothing in it was written, on this machine. */
  changes: string;
}

/** What is in a cache mount, of which more than `limit` bytes, or so many files, is not worth sending: then nothing. */
export function snapshotMount(
  directory: string,
  limit: number,
  mostFiles = 100_000,
): MountSnapshot | undefined {
  const entries: Entry[] = [];
  const times: number[] = [];
  let bytes = 0;
  const walk = (parent: string): boolean => {
    for (const name of readdirSync(join(directory, parent))) {
      const path = parent === '' ? name : `${parent}/${name}`;
      const stat = lstatSync(join(directory, path), { throwIfNoEntry: false });
      const entry = stat && entryOf(directory, path, stat);
      if (entry === undefined) continue;
      entries.push(entry);
      times.push(stat?.ctimeMs ?? 0);
      bytes += entry.size ?? 0;
      if (bytes > limit || entries.length > mostFiles) return false;
      if (entry.type === 'directory' && !walk(path)) return false;
    }
    return true;
  };
  if (!walk('')) return undefined;
  const told = entries.map(({ path, type, mode, uid, gid, mtime, size, linkTarget }) => [
    path,
    type,
    mode,
    uid,
    gid,
    // The time of a directory is that of what was put there first.
    type === 'file' ? mtime : 0,
    size ?? 0,
    linkTarget ?? '',
  ]);
  const changes = keyOf(entries, times);
  return { entries, bytes, fingerprint: keyOf(told.sort()), changes };
}

function entryOf(directory: string, path: string, stat: Stats): Entry | undefined {
  const { mode, uid, gid, mtimeMs } = stat;
  const common = { path, uid, gid, mode: mode & 0o7777, mtime: Math.max(0, Math.floor(mtimeMs / 1000)) };
  if (stat.isDirectory()) return { ...common, type: 'directory' };
  const file = join(directory, path);
  if (stat.isFile()) return { ...common, type: 'file', size: stat.size, file };
  if (stat.isSymbolicLink()) return { ...common, type: 'symlink', linkTarget: readlinkSync(file) };
  return undefined; // sockets and pipes are of no use to anybody else
}
