import { createHash } from 'node:crypto';
import {
  createWriteStream,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline as chain, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { FairleadError } from '../../errors.ts';
import { storeBlob } from '../../image/blob-store.ts';
import { type Entry, inTarOrder } from '../../image/entry.ts';
import { BadTar, readTar, type TarBody } from '../../image/read-tar.ts';
import { tarBytes } from '../../image/tar.ts';
import type { Digest } from '../../image/types.ts';
import { ZstdFrames } from '../../image/zstd.ts';
import type { Expected, SharedFolder } from './folders.ts';

/** Files up to this size are checked and written in one go. */
const IN_MEMORY = 64 * 1024 ** 2;

const LEVEL = 3;

export interface Packed {
  digest: Digest;
  size: number;
  /** Of the files, uncompressed. */
  bytes: number;
}

/** Packs files of a folder into a blob of the blob store `blobs`. A file that is gone by now is left out. */
export async function writePack(
  { root }: Pick<SharedFolder, 'root'>,
  paths: Iterable<string>,
  blobs: string,
): Promise<Packed> {
  const entries = [...paths].flatMap((path): Entry[] => {
    const file = join(root, path);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) return [];
    const mtime = Math.floor(stat.mtimeMs / 1000);
    return [{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime, size: stat.size, file }];
  });
  const bytes = entries.reduce((sum, { size = 0 }) => sum + size, 0);
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const packed = chain(
    Readable.from(tarBytes(inTarOrder(entries)), { objectMode: false }),
    compress,
    () => {},
  );
  return { ...(await storeBlob(blobs, packed as AsyncIterable<Uint8Array>)), bytes };
}

/**
 * Unpacks a pack into its folder, and answers the names. What was packed appears there when all of it has come and is
 * what it should be: `source` fails at its end at the latest when its digest is another. What is there already stays.
 * Throws `build/bad-cache` for what does not belong into the folder, and for more than `limit` bytes.
 */
export async function unpackPack(
  source: Readable,
  folder: SharedFolder,
  staging: string,
  limit: number,
): Promise<string[]> {
  mkdirSync(staging, { recursive: true });
  try {
    const names = await stage(source, folder, staging, limit);
    for (const name of names) {
      const target = join(folder.root, name);
      mkdirSync(dirname(target), { recursive: true });
      if (lstatSync(target, { throwIfNoEntry: false }) === undefined) renameSync(join(staging, name), target);
    }
    return names;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function stage(
  source: Readable,
  folder: SharedFolder,
  staging: string,
  limit: number,
): Promise<string[]> {
  const names: string[] = [];
  const plain = chain(source, new ZstdFrames(), () => {});
  let bytes = 0;
  try {
    for await (const [{ name, type, size, mtime }, body] of readTar(plain)) {
      bytes += size;
      if (bytes > limit) throw bad(`it holds more than ${limit} bytes`);
      if (type === 'file' && folder.skips(name)) continue;
      if (type !== 'file' || !folder.holds(name)) throw bad(`it has ${JSON.stringify(name)} (${type})`);
      await keep(body, size, join(staging, name), folder.expects(name));
      // Times in the future would never be the oldest.
      const time = Math.max(0, Math.min(mtime, Date.now() / 1000));
      utimesSync(join(staging, name), time, time);
      names.push(name);
    }
    if (!source.readableEnded) throw bad('it has bytes behind its end');
    return names;
  } catch (error) {
    throw error instanceof BadTar ? bad(error.message) : error;
  } finally {
    plain.destroy();
    source.destroy();
  }
}

async function keep(body: TarBody, size: number, file: string, expected: Expected): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const wrong = () => bad(`${file.slice(-72)} is not what its name says`);
  if (size > IN_MEMORY) return keepLarge(body, file, expected, wrong);
  const bytes = await body.whole();
  if (!isExpected(bytes, expected)) throw wrong();
  writeFileSync(file, bytes, { flag: 'wx' });
}

function isExpected(bytes: Buffer, expected: Expected): boolean {
  if (expected === 'checked by Go') return true;
  if ('isSound' in expected) return expected.isSound(bytes);
  return createHash('sha256').update(bytes).digest('hex') === expected.sha;
}

/** The same without holding it. */
async function keepLarge(body: TarBody, file: string, expected: Expected, wrong: () => Error): Promise<void> {
  if (expected !== 'checked by Go' && 'isSound' in expected) throw wrong();
  const hash = createHash('sha256');
  async function* hashed(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(body.stream(), hashed, createWriteStream(file, { flags: 'wx' }));
  if (expected !== 'checked by Go' && hash.digest('hex') !== expected.sha) throw wrong();
}

function bad(cause: string): FairleadError {
  return new FairleadError({ code: 'build/bad-cache', operation: 'unpacking a pack of the cache', cause });
}
