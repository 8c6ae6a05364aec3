import { once } from 'node:events';
import { chmod, mkdir, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Extract, extract, type Header } from 'tar-stream';
import { FairleadError, messageOf } from '../errors.ts';
import type { Notice } from './types.ts';

/** What one archive may hold at most. */
export interface Limits {
  /** Of the uncompressed archive. */
  bytes: number;
  entries: number;
}

const DEFAULT_LIMITS: Limits = { bytes: 1024 ** 3, entries: 200_000 };

/**
 * Unpacks a git host's archive, a gzipped tar stream with one folder around everything, into the empty `directory`,
 * without that folder. It holds what anybody committed, so: no name leads out of `directory`, nothing is written
 * through a symbolic link, and only files, folders and symbolic links are made. Links are kept as they are, and may
 * point anywhere: whoever reads them takes care. Modes are git's (0644, 0755), whatever the host's umask was.
 * @throws FairleadError `source/unsafe-archive`, `source/too-large`, and `source/broken-archive` (temporary)
 */
export async function unpack(
  archive: Readable,
  directory: string,
  operation: string,
  limits: Limits = DEFAULT_LIMITS,
): Promise<Notice[]> {
  const entries = extract();
  const unpacker = new Unpacker(directory, operation, limits);
  const stop = new AbortController();
  try {
    const feeding = feed(archive, entries, limits, operation, stop.signal);
    // A fault here reaches the loop below through `entries` as well.
    feeding.catch(() => {});
    for await (const entry of entries) await unpacker.take(entry);
    await feeding;
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    const cause = `the archive cannot be read: ${messageOf(error)}`;
    throw new FairleadError(
      { code: 'source/broken-archive', operation, cause, temporary: true },
      { cause: error },
    );
  } finally {
    stop.abort();
    archive.destroy();
  }
  return unpacker.notices();
}

/** By hand, because tar-stream's streams are not Node's, and node:stream's pipeline() is made for those. */
async function feed(
  archive: Readable,
  entries: Extract,
  limits: Limits,
  operation: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const tar = createGunzip();
    archive.on('error', (error) => tar.destroy(error));
    signal.addEventListener('abort', () => tar.destroy());
    archive.pipe(tar);
    let seen = 0;
    for await (const chunk of tar as AsyncIterable<Buffer>) {
      seen += chunk.length;
      if (seen > limits.bytes) {
        throw tooLarge(operation, `more than ${Math.round(limits.bytes / 1024 ** 2)} MiB`);
      }
      if (!entries.write(chunk)) await once(entries as unknown as NodeJS.EventEmitter, 'drain', { signal });
    }
    entries.end(null);
  } catch (error) {
    entries.destroy(error as Error);
    throw error;
  }
}

/** That a repository is more than is taken. `what`: how much that is. */
export function tooLarge(operation: string, what: string): FairleadError {
  return new FairleadError({
    code: 'source/too-large',
    operation,
    cause: `the repository’s files are ${what}`,
    remedy:
      'take out what the image does not need (`export-ignore` in .gitattributes keeps files out of archives)',
  });
}

type Entry = ReturnType<Extract[typeof Symbol.asyncIterator]> extends AsyncIterator<infer E> ? E : never;

/** First line of a Git LFS pointer (git-lfs, docs/spec.md). */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/v1';

class Unpacker {
  readonly #directory: string;
  readonly #operation: string;
  readonly #limits: Limits;
  /** Folders that were made here, so that no component of a path is a link. `''` is the directory itself. */
  readonly #folders = new Set(['']);
  #entries = 0;
  #submodules = false;
  readonly #pointers: string[] = [];

  constructor(directory: string, operation: string, limits: Limits) {
    this.#directory = directory;
    this.#operation = operation;
    this.#limits = limits;
  }

  async take(entry: Entry): Promise<void> {
    const { header } = entry;
    if (++this.#entries > this.#limits.entries) {
      throw tooLarge(this.#operation, `more than ${this.#limits.entries}`);
    }
    const path = this.#safePath(header.name);
    if (path === '' || header.type === 'directory') {
      entry.resume();
      return await this.#folder(path);
    }
    await this.#folder(parentOf(path));
    if (header.type === 'symlink') return await this.#link(entry, path);
    if (header.type === 'file' || header.type === 'contiguous-file') return await this.#file(entry, path);
    throw this.#unsafe(`${path} is a ${header.type ?? 'thing of an unknown kind'}`);
  }

  notices(): Notice[] {
    const notices: Notice[] = [];
    if (this.#submodules) notices.push('submodules are not part of the archive: their folders are empty');
    const [pointer, ...others] = this.#pointers;
    if (pointer !== undefined) {
      const more = others.length === 0 ? '' : ` and ${others.length} more`;
      notices.push(
        `${pointer}${more}: a Git LFS pointer, not the file; let archives include Git LFS objects`,
      );
    }
    return notices;
  }

  /** The path inside the archive's folder, its components checked. */
  #safePath(name: string): string {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (name.startsWith('/') || name.includes('\0') || parts.includes('..')) {
      throw this.#unsafe(`the name ${JSON.stringify(name)} leads out of it`);
    }
    return parts.slice(1).join('/');
  }

  async #folder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await this.#folder(parentOf(path));
    const full = join(this.#directory, path);
    await mkdir(full).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? this.#unsafe(`${path} is a folder and something else`) : error;
    });
    await chmod(full, 0o755);
    this.#folders.add(path);
  }

  async #file(entry: Entry, path: string): Promise<void> {
    const full = join(this.#directory, path);
    // `wx` does not follow links, and does not overwrite.
    const file = await open(full, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? this.#unsafe(`${path} is in it twice`) : error;
    });
    try {
      let first: Buffer | undefined;
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        first ??= chunk;
        await file.writeFile(chunk);
      }
      this.#look(path, entry.header, first);
      await file.chmod((entry.header.mode ?? 0) & 0o100 ? 0o755 : 0o644);
      const time = entry.header.mtime ?? new Date(0);
      await file.utimes(time, time);
    } finally {
      await file.close();
    }
  }

  async #link(entry: Entry, path: string): Promise<void> {
    entry.resume();
    const target = entry.header.linkname;
    if (target === undefined || target === null || target === '')
      throw this.#unsafe(`${path} links to nothing`);
    await symlink(target, join(this.#directory, path)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? this.#unsafe(`${path} is in it twice`) : error;
    });
  }

  #look(path: string, header: Header, first: Buffer | undefined): void {
    if (path === '.gitmodules') this.#submodules = true;
    if (
      (header.size ?? 0) < 1024 &&
      first?.subarray(0, LFS_POINTER.length).toString('latin1') === LFS_POINTER
    ) {
      this.#pointers.push(path);
    }
  }

  #unsafe(what: string): FairleadError {
    return new FairleadError({
      code: 'source/unsafe-archive',
      operation: this.#operation,
      cause: `the archive is not one that a git host makes: ${what}`,
    });
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}
