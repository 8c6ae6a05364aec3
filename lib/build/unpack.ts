import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { chmod, copyFile, lchown, link, lutimes, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Layer } from '../image/types.ts';
import { eachEntry } from './layer-index.ts';
import { makeDeletable } from './remove.ts';
import type { Node, Tree } from './tree.ts';

/** Who unpacks: only root can give files away. */
export type UnpackAs = 'root' | 'user';

/**
 * Writes a whole tree into `directory`, which appears complete or not at all. The tree knows where everything ends up,
 * with symlinks resolved and whiteouts applied, and every directory on the way is one that was made here: so nothing
 * that a layer says can lead elsewhere. Devices, sockets and pipes are left out.
 */
export async function unpackTree(
  tree: Tree,
  directory: string,
  as: UnpackAs,
  signal?: AbortSignal,
): Promise<void> {
  const unfinished = `${directory}.${randomUUID()}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const fromLayers = new Map<Layer, Map<string, string[]>>();
    for (const [path, node] of tree.below('')) {
      signal?.throwIfAborted();
      const { content } = node;
      if (node.type === 'file' && content?.from === 'layer') want(fromLayers, content, path);
      else await writeNode(`${unfinished}/${path}`, node);
    }
    for (const [layer, wanted] of fromLayers) await unpackLayer(layer, wanted, unfinished, signal);
    await writeAttributes(tree, unfinished, as);
    await rename(unfinished, directory).catch((error: NodeJS.ErrnoException) => {
      // Another build was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    if (existsSync(unfinished)) {
      makeDeletable(unfinished);
      await rm(unfinished, { recursive: true, force: true });
    }
  }
}

function want(
  layers: Map<Layer, Map<string, string[]>>,
  content: { layer: Layer; path: string },
  path: string,
): void {
  const wanted = layers.get(content.layer) ?? new Map<string, string[]>();
  wanted.set(content.path, [...(wanted.get(content.path) ?? []), path]);
  layers.set(content.layer, wanted);
}

async function unpackLayer(
  layer: Layer,
  wanted: ReadonlyMap<string, string[]>,
  root: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await eachEntry(layer, async (path, header, body) => {
    signal?.throwIfAborted();
    const [first, ...others] = header.type === 'file' ? (wanted.get(path) ?? []) : [];
    if (first === undefined) return;
    const target = `${root}/${first}`;
    await pipeline(body, createWriteStream(target, { mode: 0o600 }));
    for (const other of others) await link(target, `${root}/${other}`);
  });
}

/** Makes one node at `target`, whose directory is there; the bytes of a file have to be on this machine. */
export async function writeNode(target: string, node: Node): Promise<void> {
  if (node.type === 'directory') await mkdir(target, { recursive: true, mode: 0o700 });
  else if (node.type === 'symlink') await symlink(node.link ?? '', target);
  else if (node.type === 'file' && node.content?.from === 'disk') await copyFile(node.content.file, target);
}

async function writeAttributes(tree: Tree, root: string, as: UnpackAs): Promise<void> {
  const nodes = [...tree.below('')];
  // What is in a directory comes before it: a mode without rights would lock us out.
  for (const [path, node] of nodes.reverse()) {
    if (node.type !== 'other') await writeOwn(`${root}/${path}`, node, as);
  }
  const top = tree.get('');
  if (top !== undefined) await writeOwn(root, top, as);
}

/** Owner, mode and time of one path; the mode after the owner, since that takes set-user-id away. */
export async function writeOwn(target: string, node: Node, as: UnpackAs): Promise<void> {
  if (as === 'root') await lchown(target, node.uid, node.gid);
  if (node.type !== 'symlink') await chmod(target, node.mode);
  await lutimes(target, node.mtime, node.mtime);
}

/** Makes the directories above `path` below `root`, as the tree has them. */
export async function writeParents(root: string, path: string, tree: Tree, as: UnpackAs): Promise<void> {
  const parent = dirname(path);
  if (parent === '.' || existsSync(`${root}/${parent}`)) return;
  await writeParents(root, parent, tree, as);
  const node = tree.get(parent);
  if (node === undefined) return;
  await writeNode(`${root}/${parent}`, node);
  await writeOwn(`${root}/${parent}`, node, as);
}
