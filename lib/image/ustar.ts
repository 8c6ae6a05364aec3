import type { Entry } from './entry.ts';
import { paxRecords } from './pax.ts';

export const TAR_BLOCK = 512;

const FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  extended: 'x',
} as const;

interface Header {
  name: string;
  flag: (typeof FLAGS)[keyof typeof FLAGS];
  linkname: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  device?: readonly [major: number, minor: number];
}

/**
 * The header blocks of an entry: a ustar header (POSIX.1-2017, pax, "ustar Interchange Format") and before it, where
 * that cannot tell all, an extended one. By hand, as tar-stream's encoder spoils binary attributes, cuts user ids
 * above 262143 and turns mode 0 and times after 2038 into others.
 */
export function headerBlocks(entry: Entry): Buffer {
  const name = entry.type === 'directory' ? `${entry.path}/` : entry.path;
  const header = ustar({
    name,
    flag: FLAGS[entry.type],
    linkname: entry.linkTarget ?? '',
    mode: entry.mode & 0o7777,
    uid: entry.uid,
    gid: entry.gid,
    size: bytesOf(entry),
    mtime: Math.floor(entry.mtime),
    ...(entry.device === undefined ? {} : { device: entry.device }),
  });
  const pax = paxRecords({ ...entry, size: bytesOf(entry) }, name);
  if (pax === undefined) return header;
  const extended = {
    name: 'PaxHeader',
    flag: FLAGS.extended,
    linkname: '',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
  };
  return Buffer.concat([ustar({ ...extended, size: pax.length }), pax, padding(pax.length), header]);
}

/** How many bytes follow an entry's header blocks, before the padding. */
export function bytesOf(entry: Entry): number {
  return entry.type === 'file' ? (entry.size ?? 0) : 0;
}

const ZEROS = Buffer.alloc(TAR_BLOCK);

/** Zeros that fill up the last block of `size` bytes. */
export function padding(size: number): Buffer {
  return ZEROS.subarray(0, (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}

function ustar(header: Header): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  text(block, 0, 100, header.name);
  octal(block, 100, 8, header.mode);
  octal(block, 108, 8, header.uid);
  octal(block, 116, 8, header.gid);
  octal(block, 124, 12, header.size);
  octal(block, 136, 12, header.mtime);
  block.write(header.flag, 156);
  text(block, 157, 100, header.linkname);
  block.write('ustar\u000000', 257);
  if (header.device !== undefined) {
    octal(block, 329, 8, header.device[0]);
    octal(block, 337, 8, header.device[1]);
  }
  block.fill(' ', 148, 156);
  let sum = 0;
  for (let at = 0; at < TAR_BLOCK; at++) sum += block[at] as number;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

// What does not fit is in the extended header, and readers take it from there: here it may be cut, or be 0.
function text(block: Buffer, at: number, length: number, value: string): void {
  block.write(value, at, length, 'utf8');
}

function octal(block: Buffer, at: number, length: number, value: number): void {
  const digits = value >= 0 ? value.toString(8) : '0';
  block.write(`${(digits.length < length ? digits : '0').padStart(length - 1, '0')}\0`, at);
}
