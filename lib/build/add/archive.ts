import { messageOf } from '../../errors.ts';
import { readTar, type TarBody, type TarHeader } from '../../image/read-tar.ts';
import { CopyProblem } from '../copy/copy-problem.ts';
import { keepBytes } from '../disk/keep-bytes.ts';
import type { Store } from '../store/store.ts';
import type { Node, Special } from '../tree.ts';
import { decompressed, LIMITS, type Limits } from './decompress.ts';

/** One entry of an archive, its bytes kept in the store. */
export interface ArchiveEntry {
  /** As it is written: what it means depends on where it is unpacked. */
  path: string;
  /** A hard link has the owner, mode and time of its header, and the rest of what `link` leads to. */
  kind: 'node' | 'hardlink';
  node: Node;
  link?: string;
}

type Row = [path: string, kind: ArchiveEntry['kind'], node: Omit<Node, 'content'>, link?: string];

/** What is kept of a file that was looked into: null when it is no archive. */
type Kept = Row[] | null;

/** Files up to this size are kept in one go. */
const SMALL_FILE = 1024 * 1024;

/** Times before 1970, and those that nobody's clock shows, are none (BuildKit, `boundRootTime`). */
const LATEST_TIME = 2 ** 33;

interface Reading {
  limits?: Limits;
  signal?: AbortSignal;
  /** Throws when the file is not what its hash says any more, so that nothing is kept by that. */
  verify?: () => void;
}

/**
 * What is in the archive `file`, or nothing when it is none: a tar, compressed or not, told by its content alone
 * (BuildKit, `isArchivePath`). What was found in a file of these bytes before is taken again. Throws CopyProblem
 * `bad-archive`, `archive-too-large`.
 */
export async function readArchive(
  { file, sha, size }: { file: string; sha: string; size: number },
  store: Store,
  { limits = LIMITS, signal, verify }: Reading = {},
): Promise<ArchiveEntry[] | undefined> {
  const known = await store.read<Kept>('archives', sha);
  const rows = known !== undefined && (await areKept(known, store)) ? known : await read();
  return rows?.map(([path, kind, node, link]) => ({
    path,
    kind,
    node: node.sha === undefined ? node : { ...node, content: { from: 'disk', file: store.file(node.sha) } },
    ...(link === undefined ? {} : { link }),
  }));

  async function read(): Promise<Kept> {
    const found: Row[] = [];
    const bytes = decompressed(file, size, limits);
    let isArchive = false;
    try {
      for await (const [header, body] of readTar(bytes)) {
        isArchive = true;
        signal?.throwIfAborted();
        if (found.length >= limits.entries)
          throw new CopyProblem('archive-too-large', `the archive has more than ${limits.entries} entries`);
        found.push(await rowOf(header, body, store));
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof CopyProblem) throw error;
      // As for Go's archive/tar: an archive is what has a first header.
      if (isArchive)
        throw new CopyProblem('bad-archive', `the archive cannot be unpacked: ${messageOf(error)}`);
    } finally {
      // What was not read to its end holds files and decoders open.
      await bytes.return(undefined);
    }
    verify?.();
    const rows = isArchive ? found : null;
    store.write('archives', sha, rows);
    return rows;
  }
}

async function areKept(rows: Kept, store: Store): Promise<boolean> {
  for (const [, , { sha }] of rows ?? []) if (sha !== undefined && !(await store.touch(sha))) return false;
  return true;
}

async function rowOf(header: TarHeader, body: TarBody, store: Store): Promise<Row> {
  const { name, type, uid, gid, size, linkname } = header;
  const mtime = Math.floor(header.mtime);
  const time = mtime >= 0 && mtime <= LATEST_TIME ? mtime : 0;
  const common = { mode: header.mode & 0o7777, uid, gid, mtime: time, size: 0 };
  if (type === 'directory') return [name, 'node', { ...common, type }];
  if (type === 'symlink') return [name, 'node', { ...common, mode: 0o777, type, link: linkname }];
  if (type === 'hardlink') return [name, 'hardlink', { ...common, type: 'file' }, linkname];
  const special = specialOf(header);
  if (special !== undefined) return [name, 'node', { ...common, type: 'other', special }];
  const { sha } = size <= SMALL_FILE ? keepBytes(store, await body.whole()) : await store.keep(body.stream());
  const capability = header.xattrs.get('security.capability')?.toString('base64');
  return [name, 'node', { ...common, type: 'file', size, sha, ...(capability && { capability }) }];
}

function specialOf({ name, type, major, minor }: TarHeader): Special | undefined {
  if (type === 'file') return undefined;
  if (type === 'fifo') return { kind: type };
  if (type === 'character' || type === 'block') return { kind: type, major, minor };
  throw new CopyProblem(
    'bad-archive',
    `the archive cannot be unpacked: ${name} is of a kind that is unknown`,
  );
}
