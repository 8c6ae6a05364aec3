import { FairleadError } from '../../errors.ts';
import { readLayer } from '../../image/read-layer.ts';
import { BadTar, readTar, type TarBody, type TarHeader, type TarType } from '../../image/read-tar.ts';
import type { Layer } from '../../image/types.ts';
import type { Store } from './store.ts';

/**
 * One entry of a layer: path, type, mode, uid, gid, mtime, size, text, sha of kept bytes. The text is a symlink's, a
 * hardlink's target, a file's capability in base64, or what a special file is: `fifo`, `block 8 0`.
 */
export type Row = [string, Kind, number, number, number, number, number, string, string];
type Kind = 'f' | 'd' | 'l' | 'h' | 'o';

/** Raise when rows tell more than before. */
const REVISION = 2;

/** Small files that answer who `--chown=app` is; kept when a layer is indexed, to spare reading it again. */
const KEPT = new Set(['etc/passwd', 'etc/group']);

/** What is in a layer, without keeping it: read once as a stream, remembered by the layer's digest. */
export async function layerRows(layer: Layer, store: Store, signal?: AbortSignal): Promise<Row[]> {
  const key = `${layer.descriptor.digest.replace(':', '-')}-${REVISION}`;
  const known = await store.read<Row[]>('bases', key);
  if (known !== undefined) return Promise.all(known.map((row) => withKeptBytes(row, store)));
  const rows: Row[] = [];
  const visit = async (path: string, header: TarHeader, body: TarBody) => {
    const kept = KEPT.has(path) && header.type === 'file' ? await store.keep(body.stream()) : undefined;
    rows.push(rowOf(path, header, kept?.sha ?? ''));
  };
  await eachEntry(layer, visit, signal);
  store.write('bases', key, rows);
  return rows;
}

// Bytes that were kept may be gone by now: then they are in the layer alone, as all others.
async function withKeptBytes(row: Row, store: Store): Promise<Row> {
  const sha = row[8];
  if (sha === '' || (await store.touch(sha))) return row;
  const [path, kind, mode, uid, gid, mtime, size, link] = row;
  return [path, kind, mode, uid, gid, mtime, size, link, ''];
}

const KINDS: Partial<Record<TarType, Kind>> = { file: 'f', directory: 'd', symlink: 'l', hardlink: 'h' };

function rowOf(path: string, header: TarHeader, sha: string): Row {
  const { type, mode, uid, gid, size } = header;
  const mtime = Math.floor(header.mtime);
  return [path, KINDS[type] ?? 'o', mode & 0o7777, uid, gid, mtime, size, textOf(header), sha];
}

function textOf({ type, linkname, xattrs, major, minor }: TarHeader): string {
  if (type === 'file') return xattrs.get('security.capability')?.toString('base64') ?? '';
  if (type === 'fifo') return type;
  return type === 'block' || type === 'character' ? `${type} ${major} ${minor}` : linkname;
}

/**
 * Reads a layer's tar, entry by entry; `visit` may leave the body unread. All of it is read, and so verified. Paths are
 * cleaned; one that leads out of the root is an error. A path may come several times (`tar -r`), and then the last one is
 * meant: `nth` counts the files of one path from 0. Throws `build/bad-layer`, `build/unsafe-layer`; the signal's reason
 * as soon as that aborts, however slowly the layer comes.
 */
export async function eachEntry(
  layer: Layer,
  visit: (path: string, header: TarHeader, body: TarBody, nth: number) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const bytes = await layer.open();
  const source = readLayer(bytes, layer.descriptor.mediaType);
  // Without an error: nothing is wrong with the layer.
  const stop = () => bytes.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const counted = new FileCount();
    for await (const [header, body] of readTar(source)) {
      const path = cleanPath(header.name, layer);
      await visit(path, header, body, header.type === 'file' ? counted.next(path) : 0);
    }
    // A decompressor stops at what is no part of its stream, and the digest is known at the end of all bytes only.
    if (!bytes.readableEnded) throw badLayer(layer, 'it has bytes behind its end');
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof BadTar ? badLayer(layer, error.message) : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    source.destroy();
    bytes.destroy();
  }
}

/** A layer that is not what its digest, or its index, says. */
export function badLayer(
  { descriptor }: Layer,
  cause: string,
  remedy = 'use another base image',
): FairleadError {
  const operation = `reading layer ${descriptor.digest}`;
  return new FairleadError({ code: 'build/bad-layer', operation, cause, remedy });
}

function cleanPath(name: string, layer: Layer): string {
  const names = name.split('/').filter((part) => part !== '' && part !== '.');
  if (!names.includes('..')) return names.join('/');
  throw new FairleadError({
    code: 'build/unsafe-layer',
    operation: `reading layer ${layer.descriptor.digest}`,
    cause: `it has an entry ${JSON.stringify(name)}, which leads out of the image`,
    remedy: 'use another base image',
  });
}

/** Counts the files of each path in a layer. */
export class FileCount {
  readonly #seen = new Map<string, number>();

  next(path: string): number {
    const nth = this.#seen.get(path) ?? 0;
    this.#seen.set(path, nth + 1);
    return nth;
  }
}
