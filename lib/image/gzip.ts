import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

/** Bytes that go into one gzip member. Smaller ones compress worse, larger ones keep a core waiting at the end. */
const BLOCK = 512 * 1024;

/** How much longer a block may become: some bytes for each 16 KiB (RFC 1951, section 3.2.4). */
const MARGIN = 16 * 1024;

/**
 * Compresses with as many cores as there are: each block becomes a gzip member of its own, and members one after
 * the other are a gzip file (RFC 1952, section 2.2). The same input gives the same bytes, however it is chunked;
 * another zlib may give others, so that the uncompressed digest is the one to compare between machines.
 */
export async function* parallelGzip(source: AsyncIterable<Uint8Array>, level = 4): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = [];
  const most = availableParallelism() + 1;
  // Blocks are used again and again: as garbage they would outgrow all else that a build holds.
  const free: Buffer[] = [];
  const next = () => free.pop() ?? Buffer.allocUnsafe(BLOCK);
  try {
    for await (const block of blocks(source, next)) {
      const one = member(block, level).finally(() => block.length === BLOCK && free.push(block));
      // Awaited in its turn: until then nobody minds that it failed.
      one.catch(() => {});
      running.push(one);
      if (running.length >= most) yield await (running.shift() as Promise<Buffer>);
    }
    while (running.length > 0) yield await (running.shift() as Promise<Buffer>);
  } finally {
    await Promise.allSettled(running);
  }
}

async function member(block: Buffer, level: number): Promise<Buffer> {
  // In one piece, also of what does not get smaller, where it would otherwise be put together from pieces of 16 KiB.
  const options = { level, memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY, chunkSize: BLOCK + MARGIN };
  const bytes = await promisify(gzip)(block, options);
  bytes[9] = 255; // operating system: unknown, so that it does not tell where the layer was made
  return bytes;
}

async function* blocks(source: AsyncIterable<Uint8Array>, next: () => Buffer): AsyncGenerator<Buffer> {
  let block = next();
  let filled = 0;
  for await (const chunk of source) {
    for (let read = 0; read < chunk.length; ) {
      const taken = Math.min(BLOCK - filled, chunk.length - read);
      block.set(chunk.subarray(read, read + taken), filled);
      read += taken;
      filled += taken;
      if (filled < BLOCK) continue;
      yield block;
      block = next();
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
