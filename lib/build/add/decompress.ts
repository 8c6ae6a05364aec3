import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ZstdFrames } from '../../image/zstd.ts';
import { CopyProblem } from '../copy/copy-problem.ts';
import { bunzip2 } from './bzip2.ts';
import { unxz } from './xz.ts';

/** What an archive may unpack to. */
export interface Limits {
  /** In bytes. */
  total: number;
  /** How often larger than the archive; what is small is not measured by that. */
  ratio: number;
  /** In number of entries. */
  entries: number;
}

/** More than a container's root file system has; ten times what source code and libraries compress to. */
export const LIMITS: Limits = { total: 32 * 1024 ** 3, ratio: 500, entries: 2_000_000 };

/** Zeros compress a thousand times over: only from here on it looks like a bomb. */
const HARMLESS_BYTES = 256 * 1024 ** 2;

type Compression = 'none' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

/** By its first bytes, as moby's and containerd's archive packages tell it. */
async function compressionOf(file: string): Promise<Compression> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    const begins = (...bytes: number[]) => bytes.every((byte, index) => buffer[index] === byte);
    if (begins(0x1f, 0x8b, 0x08)) return 'gzip';
    if (begins(0x42, 0x5a, 0x68)) return 'bzip2';
    if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
    // A frame, or one of the sixteen kinds that are to be skipped.
    const magic = buffer.readUInt32LE(0);
    return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : 'none';
  } finally {
    await handle.close();
  }
}

/** The bytes of a file, decompressed if it is compressed, within the limits. Throws CopyProblem for more. */
export async function* decompressed(file: string, size: number, limits: Limits): AsyncGenerator<Buffer> {
  const most = Math.min(limits.total, Math.max(size * limits.ratio, HARMLESS_BYTES));
  let bytes = 0;
  for await (const chunk of unbounded(file, await compressionOf(file))) {
    bytes += chunk.length;
    if (bytes > most) throw bomb(size, most);
    if (chunk.length > 0) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }
}

function unbounded(file: string, compression: Compression): AsyncIterable<Uint8Array> {
  if (compression === 'xz') return unxz(file);
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  if (compression === 'none') return source;
  if (compression === 'bzip2') return bunzip2(source);
  const decompress = compression === 'gzip' ? createGunzip({ chunkSize: 256 * 1024 }) : new ZstdFrames();
  // Its error reaches whoever reads the last stream; the callback is there as one is asked for.
  return pipeline(source, decompress, () => {});
}

function bomb(size: number, most: number): CopyProblem {
  const shown = `${Math.round(most / 1024 ** 2)} MiB`;
  return new CopyProblem(
    'archive-too-large',
    `the archive of ${size} bytes unpacks to more than ${shown}, which looks like a decompression bomb`,
  );
}
