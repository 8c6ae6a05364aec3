import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  createWriteStream,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { TarBody, TarHeader } from '../../image/read-tar.ts';
import type { Layer } from '../../image/types.ts';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { entryName } from '../store/fetch.ts';
import { eachEntry } from '../store/layer-index.ts';
import { type InLayer, type Node, parentOf, type Tree } from '../tree.ts';
import { writeLinked, writeNodeCapabilities, writeSpecials } from './write-nodes.ts';

/** Who unpacks: only root can give files away. */
export type UnpackAs = 'root' | 'user';

/** How many files are written before others get a turn. */
const AT_ONCE = 500;

/** Files up to this size are written in one go: far faster than by streams. */
const SMALL_FILE = 1024 ** 2;

/**
 * Writes a whole tree into `directory`, which appears complete or not at all. The tree knows where everything ends up,
 * with symlinks resolved and whiteouts applied, and every directory on the way is one that was made here: so nothing
 * that a layer says can lead elsewhere. Sockets are left out, and devices where they cannot be made.
 */
export async function unpackTree(
  tree: Tree,
  directory: string,
  as: UnpackAs,
  signal?: AbortSignal,
): Promise<void> {
  const unfinished = `${directory}.${randomUUID()}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const fromLayers = new Map<Layer, Map<string, string[]>>();
    const written = new Map<string, string>();
    const nodes = [...tree.below('')];
    for (const [index, [path, node]] of nodes.entries()) {
      if (index % AT_ONCE === 0) await setImmediate();
      signal?.throwIfAborted();
      const { content } = node;
      if (node.type === 'file' && content?.from === 'layer') want(fromLayers, content, path);
      else if (!writeLinked(unfinished, path, node, written)) writeNode(`${unfinished}/${path}`, node);
    }
    for (const [layer, wanted] of fromLayers) await unpackLayer(layer, wanted, unfinished, signal);
    await writeSpecials(unfinished, nodes, as);
    // What is in a directory comes before it: a mode without rights would lock us out.
    for (const [path, node] of [...nodes].reverse()) writeOwn(`${unfinished}/${path}`, node, as);
    await writeNodeCapabilities(unfinished, nodes, as);
    writeOwn(unfinished, tree.get('') as Node, as);
    await rename(unfinished, directory).catch((error: NodeJS.ErrnoException) => {
      // Another build was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    if (existsSync(unfinished)) removeTree(unfinished);
  }
}

function want(
  layers: Map<Layer, Map<string, string[]>>,
  content: { layer: Layer } & InLayer,
  path: string,
): void {
  const wanted = layers.get(content.layer) ?? new Map<string, string[]>();
  const name = entryName(content);
  const paths = wanted.get(name) ?? [];
  paths.push(path);
  wanted.set(name, paths);
  layers.set(content.layer, wanted);
}

async function unpackLayer(
  layer: Layer,
  wanted: ReadonlyMap<string, string[]>,
  root: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const visit = async (path: string, header: TarHeader, body: TarBody, nth: number) => {
    const isWanted = header.type === 'file';
    const [first, ...others] = isWanted ? (wanted.get(entryName({ path, nth })) ?? []) : [];
    if (first === undefined) return;
    const target = `${root}/${first}`;
    if (header.size <= SMALL_FILE) writeFileSync(target, await body.whole(), { mode: 0o600 });
    else await pipeline(body.stream(), createWriteStream(target, { mode: 0o600 }));
    for (const other of others) linkSync(target, `${root}/${other}`);
  };
  await eachEntry(layer, visit, signal);
}

/** Makes one node at `target`, whose directory is there; the bytes of a file have to be on this machine. */
function writeNode(target: string, node: Node): void {
  if (node.type === 'directory') mkdirSync(target, { recursive: true, mode: 0o700 });
  else if (node.type === 'symlink') symlinkSync(node.link ?? '', target);
  else if (node.type === 'file' && node.content?.from === 'disk')
    copyFileSync(node.content.file, target, constants.COPYFILE_FICLONE);
}

/**
 * Writes some paths of a tree below `top`, and the directories above them where they are missing. `missing` leaves
 * alone what is there.
 */
export async function writePaths(
  top: string,
  paths: Iterable<string>,
  tree: Tree,
  as: UnpackAs,
  which: 'all' | 'missing' = 'all',
): Promise<void> {
  const written = new Map<string, string>();
  const nodes: [string, Node][] = [];
  let count = 0;
  for (const path of paths) {
    if (++count % AT_ONCE === 0) await setImmediate();
    const node = tree.get(path);
    if (node === undefined || path === '') continue;
    const target = `${top}/${path}`;
    if (which === 'missing' && existsSync(target)) continue;
    writeParents(top, path, tree, as);
    if (node.type !== 'directory' || !isDirectory(target)) rmSync(target, { recursive: true, force: true });
    if (!writeLinked(top, path, node, written)) writeNode(target, node);
    if (node.special === undefined) writeOwn(target, node, as);
    nodes.push([path, node]);
  }
  await writeSpecials(top, nodes, as);
  for (const [path, node] of nodes) if (node.special !== undefined) writeOwn(`${top}/${path}`, node, as);
  await writeNodeCapabilities(top, nodes, as);
}

/** Makes the directories above `path` below `top`, as the tree has them. */
function writeParents(top: string, path: string, tree: Tree, as: UnpackAs): void {
  const parent = parentOf(path);
  if (parent === '' || isDirectory(`${top}/${parent}`)) return;
  writeParents(top, parent, tree, as);
  const node = tree.get(parent);
  if (node === undefined) return;
  rmSync(`${top}/${parent}`, { recursive: true, force: true });
  writeNode(`${top}/${parent}`, node);
  writeOwn(`${top}/${parent}`, node, as);
}

/** Owner, mode and time of one path; the mode after the owner, since that takes set-user-id away. */
export function writeOwn(target: string, node: Node, as: UnpackAs): void {
  if (node.type === 'other' && !existsSync(target)) return;
  if (as === 'root') lchownSync(target, node.uid, node.gid);
  if (node.type !== 'symlink') chmodSync(target, node.mode);
  lutimesSync(target, node.mtime, node.mtime);
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
