import { createReadStream, type ReadStream } from 'node:fs';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifThere, type Layout } from './layout.ts';
import type { Digest } from './names.ts';

/** Inclusive, as in HTTP. */
export interface ByteRange {
  first: number;
  last: number;
}

/** The blobs of all repositories, as files named by their digest. */
export class Blobs {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Size in bytes, or `undefined` where the repository does not hold the blob. */
  async size(repository: string, digest: Digest): Promise<number | undefined> {
    return (await ifThere(stat(this.#layout.blob(repository, digest))))?.size;
  }

  read(repository: string, digest: Digest, range?: ByteRange): ReadStream {
    return createReadStream(
      this.#layout.blob(repository, digest),
      range === undefined ? {} : { start: range.first, end: range.last },
    );
  }

  /** Makes the verified file at `path` the blob `digest`. The same blob twice is the same bytes: the last one stays. */
  async adopt(repository: string, digest: Digest, path: string): Promise<void> {
    const target = this.#layout.blob(repository, digest);
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
  }

  /** Makes a blob of `from` one of `to` too, without copying; `absent` where that cannot be done. */
  async mount(from: string, to: string, digest: Digest): Promise<'mounted' | 'absent'> {
    const target = this.#layout.blob(to, digest);
    if ((await this.size(from, digest)) === undefined) return 'absent';
    await mkdir(dirname(target), { recursive: true });
    try {
      await link(this.#layout.blob(from, digest), target);
    } catch (error) {
      // Any other failure (no hard links on this file system, deleted meanwhile) sends the client to an upload.
      return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'mounted' : 'absent';
    }
    return 'mounted';
  }

  async remove(repository: string, digest: Digest): Promise<'removed' | 'absent'> {
    const removed = await ifThere(rm(this.#layout.blob(repository, digest)).then(() => 'removed' as const));
    return removed ?? 'absent';
  }
}
