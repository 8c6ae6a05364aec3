import { FairleadError } from '../../errors.ts';
import { readLayer } from '../../image/read-layer.ts';
import { BadTar, readTar, type TarBody, type TarHeader, type TarType } from '../../image/read-tar.ts';
import type { Layer } from '../../image/types.ts';
import { join, type Node, nameOf, parentOf, type Special, type Tree } from '../tree.ts';
import type { Store } from './store.ts';

/**
 * One entry of a layer: path, type, mode, uid, gid, mtime, size, text, sha of kept bytes. The text is a symlink's, a
 * hardlink's target, a file's capability in base64, or what a special file is: `fifo`, `block 8 0`.
 */
type Row = [string, Kind, number, number, number, number, number, string, string];
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

function specialOf(text: string): Special | undefined {
  if (text === 'fifo') return { kind: text };
  const [, kind, major, minor] = /^(block|character) (\d+) (\d+)$/.exec(text) ?? [];
  if (kind !== 'block' && kind !== 'character') return undefined;
  return { kind, major: Number(major), minor: Number(minor) };
}

/**
 * Reads a layer's tar, entry by entry; `visit` may leave the body unread. All of it is read, and so verified. Paths are
 * cleaned; one that leads out of the root is an error. Throws `build/bad-layer`, `build/unsafe-layer`; the signal's reason
 * as soon as that aborts, however slowly the layer comes.
 */
export async function eachEntry(
  layer: Layer,
  visit: (path: string, header: TarHeader, body: TarBody) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const bytes = await layer.open();
  const source = readLayer(bytes, layer.descriptor.mediaType);
  // Without an error: nothing is wrong with the layer.
  const stop = () => bytes.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const [header, body] of readTar(source)) {
      await visit(cleanPath(header.name, layer), header, body);
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

/** Puts a layer onto the tree of those below it; its whiteouts first, since they are about what is below (OCI layer.md). */
export function applyRows(tree: Tree, rows: Row[], layer: Layer, store: Store): void {
  for (const [path] of rows) {
    const name = nameOf(path);
    if (!name.startsWith('.wh.')) continue;
    const directory = tree.resolve(parentOf(path), true) ?? parentOf(path);
    if (name === '.wh..wh..opq')
      for (const child of tree.names(directory)) tree.remove(join(directory, child));
    else tree.remove(join(directory, name.slice('.wh.'.length)));
  }
  for (const row of rows) {
    const [path] = row;
    if (path === '' || nameOf(path).startsWith('.wh.')) continue;
    const directory = tree.resolve(parentOf(path), true) ?? parentOf(path);
    const node = nodeOf(row, tree, layer, store);
    if (node !== undefined) tree.set(join(directory, nameOf(path)), node);
  }
}

function nodeOf(
  [path, kind, mode, uid, gid, mtime, size, link, sha]: Row,
  tree: Tree,
  layer: Layer,
  store: Store,
) {
  const common = { mode, uid, gid, mtime, size: 0 };
  if (kind === 'd') return { ...common, type: 'directory' } satisfies Node;
  if (kind === 'l') return { ...common, type: 'symlink', link } satisfies Node;
  if (kind === 'o') {
    const special = specialOf(link);
    return { ...common, type: 'other', ...(special && { special }) } satisfies Node;
  }
  if (kind === 'h') return linkTo(tree.resolve(link, false) ?? '', tree, layer);
  const content: Node['content'] =
    sha === '' ? { from: 'layer', layer, path } : { from: 'disk', file: store.file(sha) };
  return {
    ...common,
    type: 'file',
    size,
    content,
    ...(sha === '' ? {} : { sha }),
    ...(link === '' ? {} : { capability: link }),
  } satisfies Node;
}

/** The file that a hardlink is a further name of, which both are told to have in common from now on. */
function linkTo(path: string, tree: Tree, { descriptor }: Layer): Node | undefined {
  const node = tree.get(path);
  if (node?.type !== 'file' || node.hardlink !== undefined) return node;
  const both = { ...node, hardlink: `${descriptor.digest} ${path}` };
  tree.set(path, both);
  return both;
}
