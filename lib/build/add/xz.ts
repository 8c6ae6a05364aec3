import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { FairleadError, messageOf } from '../../errors.ts';
import { CopyProblem } from '../copy/copy-problem.ts';

const HEADER_BYTES = 12;

/**
 * Decompresses an xz file as fast as it is taken, by xz-decompress (xz-embedded in WebAssembly). That reads one stream
 * and forgets what follows; where the streams of a file are is therefore looked up from its end, in their footers
 * (The .xz File Format 1.2.0, sections 2.1.2 and 4). Throws `build/bad-archive`,
 * CopyProblem for what it cannot read.
 */
export async function* unxz(file: string): AsyncGenerator<Uint8Array> {
  // Only now: it makes Node load web streams, and most builds have no xz.
  const { default: xz } = await import('xz-decompress');
  for (const { start, end } of await streamsOf(file)) {
    const source = createReadStream(file, { start, end: end - 1, highWaterMark: 64 * 1024 });
    const stream = new xz.XzReadableStream(Readable.toWeb(source) as ReadableStream<Uint8Array>);
    const reader = stream.getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    } catch (error) {
      throw told(messageOf(error));
    } finally {
      await reader.cancel().catch(() => {});
      source.destroy();
    }
  }
}

/** What xz-embedded lacks: other checks than CRC32 and CRC64, filters, large dictionaries (xz.h, `enum xz_ret`). */
const LACKING = /error code [2346]$/;

function told(message: string): Error {
  if (!LACKING.test(message)) return broken(message);
  const lacking = 'its xz has a filter, a check or a dictionary that the builder does not read';
  return new CopyProblem(
    'bad-archive',
    `the archive cannot be unpacked: ${lacking}; repack it with xz -9 at most`,
  );
}

function broken(cause: string): FairleadError {
  return new FairleadError({ code: 'build/bad-archive', operation: 'decompressing xz', cause });
}

/** Where the streams of a file begin and end, the first one first. */
async function streamsOf(file: string): Promise<{ start: number; end: number }[]> {
  const handle = await open(file);
  const read = async (at: number, length: number) => {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, at);
    if (at < 0 || bytesRead < length) throw broken('it ends too early');
    return buffer;
  };
  try {
    const streams: { start: number; end: number }[] = [];
    let { size: end } = await handle.stat();
    let padding = 0;
    while (end > 0) {
      if (end < 2 * HEADER_BYTES) throw broken('it ends too early');
      const footer = await read(end - HEADER_BYTES, HEADER_BYTES);
      // Padding between and after streams is zeros, four at a time.
      if (footer.readUInt32LE(8) === 0) {
        end -= 4;
        padding += 4;
        if (padding > MOST_PADDING) throw broken('it has more padding than anything writes');
        continue;
      }
      if (footer.toString('latin1', 10) !== 'YZ') throw broken('it ends without a footer: it was cut off');
      const indexBytes = (footer.readUInt32LE(4) + 1) * 4;
      const indexAt = end - HEADER_BYTES - indexBytes;
      if (indexAt < HEADER_BYTES || indexBytes > MOST_INDEX_BYTES)
        throw broken('its index is not where it should be');
      const start = indexAt - blockBytes(await read(indexAt, indexBytes)) - HEADER_BYTES;
      if (start < 0) throw broken('its index tells of more than there is');
      streams.unshift({ start, end });
      if (streams.length > MOST_STREAMS) throw broken(`it has more than ${MOST_STREAMS} streams`);
      end = start;
    }
    return streams;
  } finally {
    await handle.close();
  }
}

const MOST_INDEX_BYTES = 64 * 1024 * 1024;

/** Each takes a look at the file, and none has to hold anything. */
const MOST_PADDING = 64 * 1024;
const MOST_STREAMS = 10_000;

/** How long the blocks are together that an index lists: pairs of their sizes, packed and unpacked. */
function blockBytes(index: Buffer): number {
  let at = 1;
  const number = () => {
    let value = 0;
    for (let shift = 0; shift < 63; shift += 7) {
      const byte = index[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw broken('its index is not readable');
  };
  const records = number();
  if (index[0] !== 0 || records > index.length) throw broken('its index is not readable');
  let bytes = 0;
  for (let record = 0; record < records; record++) {
    bytes += Math.ceil(number() / 4) * 4;
    number();
  }
  return bytes;
}
