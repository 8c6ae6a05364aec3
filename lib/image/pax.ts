import type { Entry } from './entry.ts';

// What a ustar header's fields can hold: octal digits and a closing zero byte, 100 bytes of name.
const LARGEST_ID = 0o7777777;
const LARGEST_NUMBER = 0o77777777777;
const LONGEST_NAME = 100;

/**
 * The extended header records of an entry (POSIX.1-2017, pax, "pax Extended Header"; `SCHILY.xattr.` as GNU tar and
 * Go write it), or undefined when a ustar header can tell it all. `name` is the path as the tar has it.
 */
export function paxRecords(entry: Entry, name: string): Buffer | undefined {
  const records: Buffer[] = [];
  const add = (key: string, value: string | Uint8Array) => records.push(record(key, value));
  if (!isShortText(name)) add('path', name);
  if (entry.linkTarget !== undefined && !isShortText(entry.linkTarget)) add('linkpath', entry.linkTarget);
  if ((entry.size ?? 0) > LARGEST_NUMBER) add('size', String(entry.size));
  if (entry.uid > LARGEST_ID) add('uid', String(entry.uid));
  if (entry.gid > LARGEST_ID) add('gid', String(entry.gid));
  const mtime = Math.floor(entry.mtime);
  if (mtime < 0 || mtime > LARGEST_NUMBER) add('mtime', String(mtime));
  for (const [key, value] of Object.entries(entry.xattrs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(`SCHILY.xattr.${key}`, value);
  }
  return records.length === 0 ? undefined : Buffer.concat(records);
}

function isShortText(name: string): boolean {
  return name.length <= LONGEST_NAME && /^[\x20-\x7e]*$/.test(name);
}

// "%d %s=%s\n", where the length counts its own digits.
function record(key: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** The records of an extended header, their values as they are; what does not follow the form ends it. */
export function paxRecordsIn(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length; ) {
    const blank = body.indexOf(0x20, at);
    const length = Number(body.toString('latin1', at, Math.max(blank, at)));
    if (blank < 0 || !Number.isInteger(length) || length <= 0) break;
    const record = body.subarray(blank + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    if (equals > 0) records.set(record.toString('utf8', 0, equals), record.subarray(equals + 1));
    at += length;
  }
  return records;
}
