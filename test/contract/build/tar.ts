/** One member of a tar archive, as it is written there. */
export interface Member {
  /** Without `./` before it and `/` behind it. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'character device' | 'block device';
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  linkTarget: string;
  /** Major and minor number of a device. */
  device: string;
  xattrs: Record<string, Buffer>;
  bytes: Buffer;
}

const TYPES: Record<string, Member['type']> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character device',
  '4': 'block device',
  '5': 'directory',
  '6': 'fifo',
};

const BLOCK = 512;

/**
 * The members of a tar archive: ustar with the extensions of pax and GNU. Written for the tests alone, so that what
 * lib/image writes is not judged by what lib/image reads; kept in memory, with extended attributes byte by byte.
 */
export function* membersOf(archive: Buffer): Generator<Member> {
  let pax = new Map<string, Buffer>();
  const long: { path?: string; link?: string } = {};
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (!header.subarray(257, 262).equals(Buffer.from('ustar'))) throw new Error('not a ustar header');
    const size = Number(pax.get('size') ?? number(header, 124, 12));
    const bytes = archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const flag = String.fromCharCode(header[156] as number);
    if (flag === 'x') pax = records(bytes);
    else if (flag === 'L') long.path = text(bytes, 0, size);
    else if (flag === 'K') long.link = text(bytes, 0, size);
    else if (flag !== 'g') {
      yield member(header, flag, bytes, pax, long);
      pax = new Map();
      delete long.path;
      delete long.link;
    }
  }
}

function member(
  header: Buffer,
  flag: string,
  bytes: Buffer,
  pax: Map<string, Buffer>,
  long: { path?: string; link?: string },
): Member {
  const type = TYPES[flag];
  if (type === undefined) throw new Error(`a tar member of type ${JSON.stringify(flag)}`);
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  const isGnu = header.subarray(257, 265).equals(Buffer.from('ustar  \0'));
  const short = prefix === '' || isGnu ? name : `${prefix}/${name}`;
  const path = pax.get('path')?.toString() ?? long.path ?? short;
  const value = (key: string, at: number) => Number(pax.get(key) ?? number(header, at, 8));
  const xattrs = [...pax].filter(([key]) => key.startsWith(XATTR));
  return {
    path: path
      .replace(/^(\.?\/)+/, '')
      .replace(/\/+$/, '')
      .replace(/^\.$/, ''),
    type,
    mode: number(header, 100, 8) & 0o7777,
    uid: value('uid', 108),
    gid: value('gid', 116),
    mtime: Number(pax.get('mtime') ?? number(header, 136, 12)),
    linkTarget: pax.get('linkpath')?.toString() ?? long.link ?? text(header, 157, 100),
    device: type.endsWith('device') ? `${number(header, 329, 8)}:${number(header, 337, 8)}` : '',
    xattrs: Object.fromEntries(xattrs.map(([key, bytes]) => [key.slice(XATTR.length), bytes])),
    bytes: type === 'file' ? bytes : Buffer.alloc(0),
  };
}

const XATTR = 'SCHILY.xattr.';

/** The records `LENGTH KEY=VALUE\n` of a pax header; LENGTH is in bytes and counts itself. */
function records(bytes: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const length = Number.parseInt(text(bytes, at, 20), 10);
    if (!(length > 0)) break;
    const start = bytes.indexOf(' ', at) + 1;
    const equals = bytes.indexOf('=', start);
    found.set(bytes.toString('utf8', start, equals), bytes.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return found;
}

function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}

/** Octal digits, or GNU's base 256 where the first bit is set. */
function number(bytes: Buffer, at: number, length: number): number {
  const field = bytes.subarray(at, at + length);
  if (((field[0] as number) & 0x80) === 0) return Number.parseInt(text(field, 0, length).trim() || '0', 8);
  return field.reduce((sum, byte, index) => sum * 256 + (index === 0 ? byte & 0x7f : byte), 0);
}
