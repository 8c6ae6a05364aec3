import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { messageOf } from '../../errors.ts';
import { CopyProblem } from '../copy-problem.ts';
import { keepBytes } from '../keep-bytes.ts';
import type { Store } from '../store.ts';
import type { Node } from '../tree.ts';
import { decompressed, LIMITS, type Limits } from './decompress.ts';
import { readTar, type TarHeader } from './tar-reader.ts';

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

/**
 * What is in the archive `file`, or nothing when it is none: a tar, compressed or not, told by its content alone
 * (BuildKit, `isArchivePath`). What was found in a file of these bytes before is taken again. Throws CopyProblem
 * `bad-archive`, `archive-too-large`.
 */
export async function readArchive(
  { file, sha, size }: { file: string; sha: string; size: number },
  store: Store,
  { limits = LIMITS, signal }: { limits?: Limits; signal?: AbortSignal } = {},
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
    const isTar = await readTar(decompressed(file, size, limits), async (header, body) => {
      signal?.throwIfAborted();
      if (found.length >= limits.entries)
        throw new CopyProblem('archive-too-large', `the archive has more than ${limits.entries} entries`);
      found.push(await rowOf(header, body, store));
    }).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (error instanceof CopyProblem) throw error;
      throw new CopyProblem('bad-archive', `the archive cannot be unpacked: ${messageOf(error)}`);
    });
    const rows = isTar ? found : null;
    store.write('archives', sha, rows);
    return rows;
  }
}

async function areKept(rows: Kept, store: Store): Promise<boolean> {
  for (const [, , { sha }] of rows ?? []) if (sha !== undefined && !(await store.touch(sha))) return false;
  return true;
}

async function rowOf(header: TarHeader, body: AsyncIterable<Uint8Array>, store: Store): Promise<Row> {
  const { path, type, mode, uid, gid, mtime, size, link } = header;
  const time = mtime < 0 || mtime > LATEST_TIME ? 0 : mtime;
  const common = { mode, uid, gid, mtime: time, size: 0 };
  if (type === 'directory') return [path, 'node', { ...common, type }];
  if (type === 'symlink') return [path, 'node', { ...common, mode: 0o777, type, link }];
  if (type === 'hardlink') return [path, 'hardlink', { ...common, type: 'file' }, link];
  if (type === 'device') return [path, 'node', { ...common, type: 'other' }];
  const bytes = Readable.from(body);
  const { sha } = size <= SMALL_FILE ? keepBytes(store, await buffer(bytes)) : await store.keep(bytes);
  return [path, 'node', { ...common, type, size, sha }];
}
