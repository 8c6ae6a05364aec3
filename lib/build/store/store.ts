import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  createWriteStream,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { blobPath, hasBlob } from '../../image/blob-store.ts';
import type { Digest } from '../../image/types.ts';
import type { SharedRecords } from '../cache/shared-records.ts';
import { hashFile } from './hash-file.ts';

/**
 * What is kept between builds, in one directory: files by their content, records by their key, layers (the image
 * word's blobs), and the caches that Go keeps by itself. Everything appears complete or not at all, so that a build
 * that is cut off leaves nothing wrong behind, and builds may share it.
 */
export class Store {
  readonly directory: string;
  /** What other machines wrote, if this build looks there. */
  readonly shared: SharedRecords | undefined;

  constructor(directory: string, shared?: SharedRecords) {
    this.directory = directory;
    this.shared = shared;
  }

  /** The blob store of lib/image. */
  get blobs(): string {
    return this.path('blobs');
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  /** Where the file with these bytes is, if it is kept. */
  file(sha: string): string {
    return this.path('files', sha.slice(0, 2), sha);
  }

  /** Whether the file is kept; it then counts as used now. */
  async touch(sha: string): Promise<boolean> {
    const now = new Date();
    return utimes(this.file(sha), now, now).then(
      () => true,
      () => false,
    );
  }

  /** Whether the blob of this digest and size is kept; it then counts as used now. */
  async touchBlob(digest: Digest, size: number): Promise<boolean> {
    const now = new Date();
    return (
      (await hasBlob(this.blobs, digest, size)) &&
      utimes(blobPath(this.blobs, digest), now, now).then(
        () => true,
        () => false,
      )
    );
  }

  /** Keeps what `source` streams, and answers its hash and length. */
  async keep(source: Readable): Promise<{ sha: string; size: number }> {
    const unfinished = this.path('files', `unfinished-${randomUUID()}`);
    mkdirSync(dirname(unfinished), { recursive: true });
    const hash = createHash('sha256');
    let size = 0;
    try {
      await pipeline(
        source,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            size += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(unfinished),
      );
      const sha = hash.digest('hex');
      mkdirSync(dirname(this.file(sha)), { recursive: true });
      await rename(unfinished, this.file(sha));
      return { sha, size };
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  /** The same for a file, which is twice as fast without streams. */
  async keepFile(path: string): Promise<{ sha: string; size: number }> {
    const unfinished = this.path('files', `unfinished-${randomUUID()}`);
    mkdirSync(dirname(unfinished), { recursive: true });
    const file = openSync(unfinished, 'wx');
    try {
      const kept = await hashFile(path, (chunk) => writeAll(file, chunk)).finally(() => closeSync(file));
      mkdirSync(dirname(this.file(kept.sha)), { recursive: true });
      renameSync(unfinished, this.file(kept.sha));
      return kept;
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
  }

  /** A record that was written under this kind and key, here or elsewhere. What cannot be read counts as absent. */
  async read<T>(kind: string, key: string): Promise<T | undefined> {
    const own = await this.own<T>(kind, key);
    if (own === undefined) return (await this.shared?.read(kind, key)) as T | undefined;
    this.shared?.used(kind, key);
    return own;
  }

  /** The same, on this machine alone. */
  async own<T>(kind: string, key: string): Promise<T | undefined> {
    const path = this.path(kind, `${key}.json`);
    try {
      const record = JSON.parse(await readFile(path, 'utf8')) as T;
      const now = new Date();
      await utimes(path, now, now);
      return record;
    } catch {
      return undefined;
    }
  }

  /** When a record was last used, in milliseconds since 1970. */
  async usedAt(kind: string, key: string): Promise<number | undefined> {
    return stat(this.path(kind, `${key}.json`)).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
  }

  write(kind: string, key: string, record: unknown): void {
    this.shared?.used(kind, key);
    writeWhole(this.path(kind, `${key}.json`), JSON.stringify(record));
  }

  readText(path: string): string | undefined {
    try {
      return readFileSync(this.path(path), 'utf8');
    } catch {
      return undefined;
    }
  }
}

function writeAll(file: number, chunk: Buffer): void {
  for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
}

/** Characters that are hashed at a time. */
const AT_ONCE = 64 * 1024;

/** Writes a file so that it appears with all of its text. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomUUID()}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, path);
}

/** The key of `parts` with the rows of all `items` as one more, of which no more than some are held at a time. */
export function keyOfRows<T>(
  parts: readonly [unknown, ...unknown[]],
  items: Iterable<T>,
  rowOf: (item: T) => unknown[],
): string {
  const hash = createHash('sha256').update(`${JSON.stringify(parts).slice(0, -1)},[`);
  let text = '';
  let between = '';
  for (const item of items) {
    text += between + JSON.stringify(rowOf(item));
    between = ',';
    if (text.length < AT_ONCE) continue;
    hash.update(text);
    text = '';
  }
  return hash.update(`${text}]]`).digest('hex');
}

/** A key from parts; the parts cannot run into each other. */
export function keyOf(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
