import { constants, lstatSync } from 'node:fs';
import { chmod, copyFile, lutimes, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Entry } from '../image/entry.ts';
import type { Image } from '../image/types.ts';
import { writeTar } from '../image/write-layout.ts';
import { Bases, type ImageSource } from './store/bases.ts';
import { treeEntries } from './store/layers.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import type { Node, Tree } from './tree.ts';

/** An image, and the folder for its files where there are several: '' is the top. */
export interface Placed {
  image: Image;
  folder: string;
}

const NO_IMAGES: ImageSource = {
  resolve: async (reference) => {
    throw new Error(`${String(reference)} is not looked for here`);
  },
};

/** The files of images as a container would see them: its layers applied one after the other. */
export class BuiltFiles {
  readonly #store: Store;
  readonly #bases: Bases;
  readonly #signal: AbortSignal | undefined;

  /** `cacheDir` is the builder's cache, in which the files are kept. */
  constructor(cacheDir: string, signal?: AbortSignal) {
    this.#store = openStore(cacheDir);
    this.#bases = new Bases(NO_IMAGES, this.#store, undefined, signal);
    this.#signal = signal;
  }

  /**
   * Writes the files below `directory`, over those that are there; what else is there stays. All belongs to who does
   * this; times and modes are the image's. Devices, sockets and pipes are left out.
   */
  async writeDirectory(images: readonly Placed[], directory: string): Promise<void> {
    for (const { image, folder } of images) {
      const root = resolve(directory, folder);
      const tree = await this.#tree(image);
      await mkdir(root, { recursive: true });
      const nodes = [...tree.below('')].filter(([, { type }]) => type !== 'other');
      for (const [path, node] of nodes) {
        this.#signal?.throwIfAborted();
        await replace(`${root}/${path}`, node);
      }
      // What is in a directory comes before it: its time would change, and a mode without rights would lock us out.
      for (const [path, { type, mode, mtime }] of nodes.reverse()) {
        if (type !== 'symlink') await chmod(`${root}/${path}`, mode);
        await lutimes(`${root}/${path}`, mtime, mtime);
      }
    }
  }

  /** Writes the files as a tar, with their owners; `-` is the standard output. */
  async writeTar(images: readonly Placed[], file: string): Promise<void> {
    const entries: Entry[] = [];
    for (const { image, folder } of images) {
      const prefix = folder === '' ? '' : `${folder}/`;
      if (folder !== '')
        entries.push({ path: folder, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0 });
      for (const entry of treeEntries(await this.#tree(image))) {
        const target = entry.type === 'hardlink' ? { linkTarget: `${prefix}${entry.linkTarget}` } : {};
        entries.push({ ...entry, path: `${prefix}${entry.path}`, ...target });
      }
    }
    await writeTar(entries, file);
  }

  async #tree(image: Image): Promise<Tree> {
    const tree = await this.#bases.tree(image);
    await this.#bases.fetch([...tree.below('')].map(([, node]) => node));
    return tree;
  }
}

/** Nothing that was there before may lead a path elsewhere. */
async function replace(target: string, node: Node): Promise<void> {
  const before = lstatSync(target, { throwIfNoEntry: false });
  const stays = node.type === 'directory' && before?.isDirectory() === true;
  if (before !== undefined && !stays) await rm(target, { recursive: true, force: true });
  if (stays) await chmod(target, 0o700);
  else if (node.type === 'directory') await mkdir(target, { mode: 0o700 });
  else if (node.type === 'symlink') await symlink(node.link ?? '', target);
  else if (node.content?.from === 'disk')
    await copyFile(node.content.file, target, constants.COPYFILE_FICLONE);
  else await writeFile(target, '');
}
