import type { Readable } from 'node:stream';
import { FairleadError } from '../errors.ts';

/**
 * One entry of a layer's tar (OCI image specification, layer.md). A whiteout is an empty file named
 * `.wh.<name>`, an opaque directory has one named `.wh..wh..opq`.
 */
export interface Entry {
  /** Relative to the image's root, `/` between names, neither a leading nor a trailing one: `usr/bin/app`. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'character' | 'block';
  /** Permission bits with set-user-id, set-group-id and sticky: 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970; parts of a second are dropped. */
  mtime: number;
  /** A symlink's text as it is; a hardlink's target as an entry's `path`. */
  linkTarget?: string;
  /** A device's numbers. */
  device?: readonly [major: number, minor: number];
  /** A file's length in bytes; 0 when it is left out. */
  size?: number;
  /** A file's bytes when its size is not 0: by path on this machine (the fastest way) … */
  file?: string;
  /** … or as a stream, opened once, when the entry's turn has come. */
  open?: () => Readable | Promise<Readable>;
  /** Extended attributes by their full name, `security.capability`. */
  xattrs?: Record<string, Uint8Array>;
}

/** The entries in the order of the tar: by path, a directory before what it holds, hardlinks after all else. */
export function inTarOrder(entries: Iterable<Entry>): Entry[] {
  const sorted = [...entries].sort(
    (a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0),
  );
  const seen = new Set<string>();
  for (const entry of sorted) {
    checkPath(entry);
    if (seen.has(entry.path)) throw fault('image/duplicate-entry', entry, 'the layer has this path twice');
    seen.add(entry.path);
  }
  return sorted;
}

// A hardlink's target has to be there when it is unpacked.
function rank(entry: Entry): number {
  return entry.type === 'hardlink' ? 1 : 0;
}

function checkPath(entry: Entry): void {
  const names = entry.path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..') || entry.path.includes('\0')) {
    throw fault('image/bad-entry', entry, 'a path in a layer is relative, without empty names, `.` or `..`');
  }
  const isLink = entry.type === 'symlink' || entry.type === 'hardlink';
  if (isLink && !entry.linkTarget) throw fault('image/bad-entry', entry, `a ${entry.type} needs a target`);
  const hasBytes = entry.file !== undefined || entry.open !== undefined;
  if (entry.type === 'file' && (entry.size ?? 0) > 0 && !hasBytes) {
    throw fault('image/bad-entry', entry, 'a file that is not empty needs `file` or `open`');
  }
}

function fault(code: string, entry: Entry, cause: string): FairleadError {
  return new FairleadError({ code, operation: 'writing a layer', place: entry.path, cause });
}
