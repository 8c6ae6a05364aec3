import { CopyProblem } from '../copy-problem.ts';

const BLOCK = 512;

/** An extended header that is longer than this is nobody's path. */
const LONGEST_EXTENSION = 1024 * 1024;

/** An entry's header, with what extended headers say applied. */
export interface TarHeader {
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'device';
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  size: number;
  link: string;
}

/** Bytes from a stream, as many as are asked for. */
class Bytes {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** `length` bytes, or fewer at the end. */
  async take(length: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.stream(length)) pieces.push(piece);
    return pieces.length === 1 ? Buffer.from(pieces[0] as Uint8Array) : Buffer.concat(pieces);
  }

  async *stream(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#chunk.length === 0) {
        const next = await this.#source.next();
        if (next.done) return;
        this.#chunk = next.value;
        continue;
      }
      const piece = this.#chunk.subarray(0, left);
      this.#chunk = this.#chunk.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async skip(length: number): Promise<void> {
    for await (const _ of this.stream(length));
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

/**
 * Reads a tar entry by entry (POSIX.1-2017 pax and ustar, GNU's long names and large numbers), in memory that grows
 * neither with its files nor with its headers. `visit` reads the body, or leaves it. Answers whether it was a tar at
 * all: as with Go's archive/tar, whether its first header is one. Throws CopyProblem for what is broken further on.
 */
export async function readTar(
  source: AsyncIterable<Uint8Array>,
  visit: (header: TarHeader, body: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<boolean> {
  const bytes = new Bytes(source);
  const pax = new Map<string, string>();
  const next = new Map<string, string>();
  try {
    for (let count = 0; ; count++) {
      const block = await beginning(bytes, count === 0);
      if (block === undefined) return count > 0;
      const flag = String.fromCharCode(block[156] as number);
      const header = headerOf(block, flag, new Map([...pax, ...next]));
      const padded = Math.ceil(header.size / BLOCK) * BLOCK;
      if ('xgLKX'.includes(flag)) {
        if (header.size > LONGEST_EXTENSION) throw broken('an extended header is too long');
        const text = await bytes.take(header.size);
        await bytes.skip(padded - header.size);
        if (flag === 'L' || flag === 'K') next.set(flag === 'L' ? 'path' : 'linkpath', untilZero(text));
        else for (const [key, value] of records(text)) (flag === 'g' ? pax : next).set(key, value);
        continue;
      }
      if (flag === 'S' || [...next.keys()].some((key) => key.startsWith('GNU.sparse.')))
        throw broken(`${header.path} is stored with holes; pack it without --sparse`);
      next.clear();
      let read = 0;
      async function* body() {
        for await (const piece of bytes.stream(header.size - read)) {
          read += piece.length;
          yield piece;
        }
        if (read < header.size) throw broken(`it ends within ${header.path}`);
      }
      await visit(header, body());
      await bytes.skip(padded - read);
    }
  } finally {
    await bytes.close();
  }
}

/** The next header block, nothing at the end; for the first one also when it is none. */
async function beginning(bytes: Bytes, isFirst: boolean): Promise<Buffer | undefined> {
  let block: Buffer;
  try {
    block = await bytes.take(BLOCK);
  } catch (error) {
    if (isFirst) return undefined;
    throw error;
  }
  if (block.length === 0 || block.every((byte) => byte === 0)) return undefined;
  if (block.length === BLOCK && isHeader(block)) return block;
  if (isFirst) return undefined;
  throw broken('it ends too early, or has a header that is not one');
}

function isHeader(block: Buffer): boolean {
  const told = numberAt(block, 148, 8);
  let unsigned = 8 * 32;
  let signed = 8 * 32;
  for (const [index, byte] of block.entries()) {
    if (index >= 148 && index < 156) continue;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return told === unsigned || told === signed;
}

function headerOf(block: Buffer, flag: string, pax: ReadonlyMap<string, string>): TarHeader {
  const isExtension = 'xgLKX'.includes(flag);
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? untilZero(block.subarray(345, 500)) : '';
  const name = untilZero(block.subarray(0, 100));
  const own = prefix === '' ? name : `${prefix}/${name}`;
  const path = (isExtension ? undefined : pax.get('path')) ?? own;
  const numeric = (key: string, at: number, length: number) => {
    const told = isExtension ? undefined : pax.get(key);
    return told === undefined ? numberAt(block, at, length) : Number(told);
  };
  const type = typeOf(flag, path);
  const size = numeric('size', 124, 12);
  const header: TarHeader = {
    path,
    type,
    mode: numberAt(block, 100, 8) & 0o7777,
    uid: numeric('uid', 108, 8),
    gid: numeric('gid', 116, 8),
    mtime: Math.floor(numeric('mtime', 136, 12)),
    size: isExtension || type === 'file' ? size : 0,
    link: (isExtension ? undefined : pax.get('linkpath')) ?? untilZero(block.subarray(157, 257)),
  };
  const numbers = [header.uid, header.gid, header.size];
  if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 0) || !Number.isFinite(header.mtime))
    throw broken(`the header of ${JSON.stringify(path)} has numbers that are none`);
  if (path.includes('\0') || header.link.includes('\0')) throw broken('it has a path with a zero byte');
  return header;
}

function typeOf(flag: string, path: string): TarHeader['type'] {
  switch (flag) {
    case '0':
    case '7':
    case '\0':
      // Tars from before POSIX tell a directory by its slash.
      return path.endsWith('/') ? 'directory' : 'file';
    case '1':
      return 'hardlink';
    case '2':
      return 'symlink';
    case '3':
    case '4':
    case '6':
      return 'device';
    case '5':
      return 'directory';
    case 'S':
    case 'x':
    case 'g':
    case 'L':
    case 'K':
    case 'X':
      return 'file';
    default:
      throw broken(`${path} is of a kind (${JSON.stringify(flag)}) that is unknown`);
  }
}

/** Octal digits, or GNU's base 256 where the first bit is set. */
function numberAt(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  const [first = 0] = field;
  if ((first & 0x80) === 0) {
    const text = field.toString('latin1').replace(/\0.*$/s, '').trim();
    return text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  }
  const isNegative = (first & 0x40) !== 0;
  let value = isNegative ? -1 : first & 0x3f;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  return value;
}

/** `%d %s=%s\n`, where the length counts itself. */
function* records(text: Buffer): Generator<[string, string]> {
  for (let at = 0; at < text.length && text[at] !== 0; ) {
    const blank = text.indexOf(0x20, at);
    const length = Number(text.toString('latin1', at, blank));
    const equals = text.indexOf(0x3d, blank);
    const end = at + length - 1;
    if (
      !Number.isInteger(length) ||
      equals < blank ||
      equals >= end ||
      end >= text.length ||
      text[end] !== 0x0a
    )
      throw broken('it has an extended header that is not readable');
    yield [text.toString('utf8', blank + 1, equals), text.toString('utf8', equals + 1, end)];
    at = end + 1;
  }
}

function untilZero(text: Buffer): string {
  const zero = text.indexOf(0);
  return text.toString('utf8', 0, zero < 0 ? text.length : zero);
}

function broken(cause: string): CopyProblem {
  return new CopyProblem('bad-archive', `the archive cannot be unpacked: ${cause}`);
}
