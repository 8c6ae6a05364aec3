import { setImmediate } from 'node:timers/promises';
import type { Layer } from '../../image/types.ts';
import {
  join,
  LONGEST_NAME,
  LONGEST_PATH,
  type Node,
  nameOf,
  parentOf,
  type Special,
  type Tree,
} from '../tree.ts';
import { badLayer, FileCount, type Row } from './layer-index.ts';
import type { Store } from './store.ts';

/** Milliseconds after which others get a turn: a layer may say what takes long. */
const AT_ONCE_MS = 25;

/**
 * Puts a layer onto the tree of those below it; its whiteouts first, since they are about what is below (OCI layer.md).
 * Throws `build/bad-layer` for paths that Linux has no place for; the signal's reason.
 */
export async function applyRows(
  tree: Tree,
  rows: readonly Row[],
  layer: Layer,
  store: Store,
  signal?: AbortSignal,
): Promise<void> {
  const directories = new Directories(tree);
  const counted = new FileCount();
  let since = Date.now();
  for (const isWhiteouts of [true, false]) {
    for (const row of rows) {
      if (Date.now() - since > AT_ONCE_MS) {
        await setImmediate();
        signal?.throwIfAborted();
        since = Date.now();
      }
      const isWhiteout = nameOf(row[0]).startsWith('.wh.');
      if (row[0] === '' || isWhiteout !== isWhiteouts) continue;
      refuseLongPath(row[0], layer);
      if (row[7].length > LONGEST_PATH) throw tooLong(layer, `a link of ${row[7].length} bytes`);
      const path = join(directories.of(parentOf(row[0])), nameOf(row[0]));
      refuseLongPath(path, layer);
      const node = isWhiteout ? undefined : nodeOf(row, tree, layer, store, counted);
      const leads = isWhiteout || leadsElsewhere(tree.get(path), node);
      if (isWhiteout) applyWhiteout(tree, path);
      else if (node !== undefined) tree.set(path, node);
      if (leads) directories.forget();
    }
  }
}

function applyWhiteout(tree: Tree, path: string): void {
  const [directory, name] = [parentOf(path), nameOf(path)];
  if (name === '.wh..wh..opq') for (const child of tree.names(directory)) tree.remove(join(directory, child));
  else tree.remove(join(directory, name.slice('.wh.'.length)));
}

/** Whether paths through here may lead elsewhere, once `after` is in the place of `before`. */
function leadsElsewhere(before: Node | undefined, after: Node | undefined): boolean {
  if (before?.type === 'symlink' || after?.type === 'symlink') return true;
  return before?.type === 'directory' && after?.type !== 'directory';
}

/** Where directories are, with symlinks followed: each once, as a layer may have thousands, one in the other. */
class Directories {
  readonly #tree: Tree;
  readonly #known = new Map<string, string>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  of(path: string): string {
    if (path === '') return '';
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const next = join(this.of(parentOf(path)), nameOf(path));
    const isLink = this.#tree.get(next)?.type === 'symlink';
    const at = isLink ? (this.#tree.resolve(path, true) ?? path) : next;
    this.#known.set(path, at);
    return at;
  }

  forget(): void {
    this.#known.clear();
  }
}

function refuseLongPath(path: string, layer: Layer): void {
  const [bytes, ofName] = [Buffer.byteLength(path), Buffer.byteLength(nameOf(path))];
  if (bytes > LONGEST_PATH) throw tooLong(layer, `a path of ${bytes} bytes`);
  if (ofName > LONGEST_NAME) throw tooLong(layer, `a name of ${ofName} bytes`);
}

function tooLong(layer: Layer, what: string): Error {
  const possible = `${LONGEST_PATH} in a path, ${LONGEST_NAME} in a name`;
  return badLayer(layer, `it has ${what}, and Linux takes no more than ${possible}`);
}

function specialOf(text: string): Special | undefined {
  if (text === 'fifo') return { kind: text };
  const [, kind, major, minor] = /^(block|character) (\d+) (\d+)$/.exec(text) ?? [];
  if (kind !== 'block' && kind !== 'character') return undefined;
  return { kind, major: Number(major), minor: Number(minor) };
}

function nodeOf(
  [path, kind, mode, uid, gid, mtime, size, link, sha]: Row,
  tree: Tree,
  layer: Layer,
  store: Store,
  counted: FileCount,
) {
  const common = { mode, uid, gid, mtime, size: 0 };
  if (kind === 'd') return { ...common, type: 'directory' } satisfies Node;
  if (kind === 'l') return { ...common, type: 'symlink', link } satisfies Node;
  if (kind === 'o') {
    const special = specialOf(link);
    return { ...common, type: 'other', ...(special && { special }) } satisfies Node;
  }
  if (kind === 'h') return linkTo(tree.resolve(link, false) ?? '', tree, layer);
  const nth = counted.next(path);
  const content: Node['content'] =
    sha === ''
      ? { from: 'layer', layer, path, ...(nth > 0 && { nth }) }
      : { from: 'disk', file: store.file(sha) };
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
  // Where the path comes again with another file, the names of the first one are none of that.
  const nth = (node.content?.from === 'layer' && node.content.nth) || 0;
  const both = { ...node, hardlink: `${descriptor.digest} ${path}${nth > 0 ? ` ${nth}` : ''}` };
  tree.set(path, both);
  return both;
}
