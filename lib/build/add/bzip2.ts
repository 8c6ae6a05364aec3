import { Bits, broken } from './bzip2-bits.ts';
import { countUp, decode, readSymbols, readTables, type Tables } from './bzip2-codes.ts';

/** `pi` and `sqrt(pi)`: what begins a block, and what ends a stream. */
const BLOCK = 0x314159265359;
const END = 0x177245385090;

const CRC = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/**
 * Decompresses bzip2, block after block (at most 900,000 bytes of it, more when bytes repeat), and only as fast as it
 * is taken. By hand: the npm decoders either push whole files ahead of their reader, so that a bomb fills the memory,
 * or want all of the input at once. Streams one after the other are one. Throws `build/bad-archive`.
 */
export async function* bunzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const bits = new Bits(source[Symbol.asyncIterator]());
  for (let streams = 0; streams === 0 || !(await bits.isAtEnd()); streams++) {
    const [magic, version, level] = [await bits.take(16), await bits.take(8), (await bits.take(8)) - 48];
    if (magic !== 0x425a || version !== 0x68 || level < 1 || level > 9)
      throw broken('it has no bzip2 header');
    let total = 0;
    for (;;) {
      const mark = (await bits.take(24)) * 2 ** 24 + (await bits.take(24));
      const crc = await bits.take32();
      if (mark === END) {
        if (crc !== total) throw broken('its checksum is another');
        break;
      }
      if (mark !== BLOCK) throw broken('it has no block where one should be');
      const check = { crc: 0xffffffff };
      yield* expand(await readBlock(bits, level * 100_000), check);
      if (~check.crc >>> 0 !== crc) throw broken('the checksum of a block is another');
      total = (((total << 1) | (total >>> 31)) ^ crc) >>> 0;
    }
    bits.align();
  }
}

interface Block {
  /** The last column of the sorted rotations, with the place of the next byte in the upper 24 bits. */
  column: Uint32Array;
  length: number;
  origin: number;
}

async function readBlock(bits: Bits, most: number): Promise<Block> {
  // A block is at most a little longer than what it holds: 20 bits for each of its bytes.
  await bits.ahead(most * 3);
  if (bits.now(1) === 1) throw broken('it has a randomised block, which nothing writes any more');
  const origin = bits.now(24);
  const symbols = readSymbols(bits);
  const tables = readTables(bits, symbols.length + 2);
  const column = new Uint32Array(most);
  const length = readColumn(bits, symbols, tables, column);
  if (origin >= length) throw broken('a block begins outside of itself');
  const starts = new Uint32Array(256);
  for (let i = 0; i < length; i++) countUp(starts, (column[i] as number) & 255);
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    const count = starts[byte] as number;
    starts[byte] = sum;
    sum += count;
  }
  for (let i = 0; i < length; i++) {
    const place = countUp(starts, (column[i] as number) & 255);
    column[place] = (column[place] as number) | (i << 8);
  }
  return { column, length, origin };
}

/** Undoes Huffman, run lengths and move-to-front; answers how many bytes the column has. */
function readColumn(
  bits: Bits,
  symbols: number[],
  { selectors, codes }: Tables,
  column: Uint32Array,
): number {
  const end = symbols.length + 1;
  const recent = Uint8Array.from(symbols);
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; ; group++) {
    const code = codes[selectors[group] ?? -1];
    if (code === undefined) throw broken('a block has too few codes');
    for (let i = 0; i < 50; i++) {
      const symbol = decode(bits, code);
      if (symbol <= 1) {
        run += weight << symbol;
        weight <<= 1;
        if (run > column.length) throw broken('a block is too long');
        continue;
      }
      if (length + run + 1 > column.length + (symbol === end ? 1 : 0)) throw broken('a block is too long');
      column.fill(recent[0] as number, length, length + run);
      length += run;
      run = 0;
      weight = 1;
      if (symbol === end) return length;
      const byte = recent[symbol - 1] as number;
      recent.copyWithin(1, 0, symbol - 1);
      recent[0] = byte;
      column[length++] = byte;
    }
  }
}

const PIECE = 256 * 1024;

/** Undoes the sorting, and the run lengths below it: four alike are followed by how many more there are. */
function* expand({ column, length, origin }: Block, check: { crc: number }): Generator<Buffer> {
  let piece = Buffer.allocUnsafe(PIECE + 256);
  let filled = 0;
  let alike = 0;
  let last = -1;
  let crc = check.crc;
  let entry = column[origin] as number;
  for (let left = length; left > 0; left--) {
    entry = column[entry >>> 8] as number;
    const byte = entry & 255;
    let times = 1;
    if (alike === 4) {
      times = byte;
      alike = 0;
    } else {
      alike = byte === last ? alike + 1 : 1;
      last = byte;
    }
    for (; times > 0; times--) {
      piece[filled++] = last;
      crc = (crc << 8) ^ (CRC[(crc >>> 24) ^ last] as number);
    }
    if (alike === 0) last = -1;
    if (filled < PIECE) continue;
    check.crc = crc;
    yield piece.subarray(0, filled);
    piece = Buffer.allocUnsafe(PIECE + 256);
    filled = 0;
  }
  check.crc = crc;
  if (filled > 0) yield piece.subarray(0, filled);
}
