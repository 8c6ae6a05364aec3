import { Readable } from 'node:stream';
import { BadTar, Bytes } from './bytes.ts';
import { paxRecordsIn } from './pax.ts';
import { TAR_BLOCK } from './ustar.ts';

export { BadTar } from './bytes.ts';

/** The kinds of entries that layers have; `other` is what no layer should. */
export type TarType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character'
  | 'block'
  | 'directory'
  | 'fifo'
  | 'other';

export interface TarHeader {
  /** As it stands in the archive. */
  name: string;
  type: TarType;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970. */
  mtime: number;
  size: number;
  linkname: string;
  major: number;
  minor: number;
  /** Extended attributes by their full name. */
  xattrs: Map<string, Buffer>;
}

/** The bytes of an entry, to be taken once or not at all. */
export interface TarBody {
  stream(): Readable;
  /** All of them in memory. */
  whole(): Promise<Buffer>;
}

/** An extended header or a long name is no longer than this. */
const LARGEST_META = 1024 ** 2;

const TYPES: Record<string, TarType> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
};

/**
 * Reads a tar entry by entry (POSIX.1-2017, pax; GNU's long names and large numbers), in order and as a stream; a body
 * that was not taken is passed over. By hand, as tar-stream's decoder spoils binary attributes. Throws BadTar.
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<[TarHeader, TarBody]> {
  const bytes = new Bytes(source);
  let records = new Map<string, Buffer>();
  for (;;) {
    const block = await bytes.atMost(TAR_BLOCK);
    if (block.length === 0) return;
    if (block.length < TAR_BLOCK) throw new BadTar('it ends in the middle of a header');
    if (block.every((byte) => byte === 0)) {
      await bytes.rest();
      return;
    }
    const flag = String.fromCharCode(block[156] as number);
    const size = checked(block, records);
    if ('xgLK'.includes(flag)) {
      records = new Map([...records, ...(await metaOf(flag, size, bytes))]);
      await bytes.pass(padded(size) - size);
      continue;
    }
    const header = headerOf(block, flag, size, records);
    records = new Map();
    const body = new Body(bytes, header.type === 'file' ? size : 0);
    yield [header, body];
    await body.pass();
    await bytes.pass(padded(body.size) - body.size);
  }
}

async function metaOf(flag: string, size: number, bytes: Bytes): Promise<Map<string, Buffer>> {
  if (size > LARGEST_META) throw new BadTar('it has a header longer than 1 MiB');
  const body = await bytes.exactly(size);
  if (flag === 'x') return paxRecordsIn(body);
  // A global header tells of the archive, such as a commit's id; it is no attribute of a file.
  if (flag === 'g') return new Map();
  const end = body.indexOf(0);
  return new Map([[flag === 'L' ? 'path' : 'linkpath', end < 0 ? body : body.subarray(0, end)]]);
}

function checked(block: Buffer, records: ReadonlyMap<string, Buffer>): number {
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  if (sum !== numberIn(block, 148, 8)) throw new BadTar('a header has a wrong checksum');
  const size = numberOf(records, 'size') ?? numberIn(block, 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw new BadTar('an entry has a size that cannot be');
  return size;
}

function headerOf(
  block: Buffer,
  flag: string,
  size: number,
  records: ReadonlyMap<string, Buffer>,
): TarHeader {
  if (flag === 'S' || records.has('GNU.sparse.major') || records.has('GNU.sparse.map'))
    throw new BadTar('it has a sparse file in the format of GNU tar');
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? textIn(block, 345, 155) : '';
  const own = textIn(block, 0, 100);
  const name = records.get('path')?.toString() ?? (prefix === '' ? own : `${prefix}/${own}`);
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of records) if (key.startsWith(XATTR)) xattrs.set(key.slice(XATTR.length), value);
  const known = TYPES[flag] ?? 'other';
  return {
    name,
    // Before ustar a slash at the end was all that told a directory.
    type: known === 'file' && name.endsWith('/') ? 'directory' : known,
    mode: numberIn(block, 100, 8),
    uid: numberOf(records, 'uid') ?? numberIn(block, 108, 8),
    gid: numberOf(records, 'gid') ?? numberIn(block, 116, 8),
    mtime: numberOf(records, 'mtime') ?? numberIn(block, 136, 12),
    size: known === 'file' ? size : 0,
    linkname: records.get('linkpath')?.toString() ?? textIn(block, 157, 100),
    major: numberIn(block, 329, 8),
    minor: numberIn(block, 337, 8),
    xattrs,
  };
}

const XATTR = 'SCHILY.xattr.';

function numberOf(records: ReadonlyMap<string, Buffer>, key: string): number | undefined {
  const text = records.get(key)?.toString('latin1');
  return text === undefined || !/^-?\d+(\.\d+)?$/.test(text) ? undefined : Number(text);
}

/** Octal digits, or binary with the highest bit set (GNU tar). */
function numberIn(block: Buffer, at: number, length: number): number {
  const first = block[at] as number;
  if ((first & 0x80) === 0) return Number.parseInt(textIn(block, at, length).trim(), 8) || 0;
  const isNegative = (first & 0x40) !== 0;
  let value = BigInt(first & 0x3f) - (isNegative ? 0x40n : 0n);
  for (const byte of block.subarray(at + 1, at + length)) value = value * 256n + BigInt(byte);
  return Number(value);
}

function textIn(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

class Body implements TarBody {
  readonly size: number;
  readonly #bytes: Bytes;
  #left: number;

  constructor(bytes: Bytes, size: number) {
    this.#bytes = bytes;
    this.size = size;
    this.#left = size;
  }

  stream(): Readable {
    return Readable.from(this.#chunks(), { objectMode: false });
  }

  async whole(): Promise<Buffer> {
    const size = this.#left;
    this.#left = 0;
    return this.#bytes.exactly(size);
  }

  async pass(): Promise<void> {
    const left = this.#left;
    this.#left = 0;
    await this.#bytes.pass(left);
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const chunk = await this.#bytes.some(this.#left);
      this.#left -= chunk.length;
      yield chunk;
    }
  }
}
