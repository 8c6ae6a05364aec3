import { readdirSync, readlinkSync } from 'node:fs';
import { FairleadError } from '../errors.ts';

/** What stands in a text for bytes that are none in UTF-8. */
const REPLACEMENT = '\ufffd';

/** What is said where bytes are not UTF-8: what was read there, and what can be done. */
export interface Reading {
  operation: string;
  remedy: string;
}

/** Throws `build/bad-name` when a name, as it was read in a directory, is not UTF-8: decoded, it is another. */
export function refuseBadName(directory: string, name: string, reading: Reading): void {
  if (!name.includes(REPLACEMENT)) return;
  const bytes = readdirSync(directory, { encoding: 'buffer' }).find((bytes) => bytes.toString() === name);
  if (bytes !== undefined) textOf(bytes, 'the name of a file', reading);
}

/** What a symlink says. Throws `build/bad-name` as refuseBadName does. */
export function linkAt(path: string, reading: Reading): string {
  return textOf(readlinkSync(path, { encoding: 'buffer' }), 'what a symlink says', reading);
}

function textOf(bytes: Buffer, what: string, reading: Reading): string {
  const text = bytes.toString();
  if (!text.includes(REPLACEMENT) || Buffer.from(text).equals(bytes)) return text;
  throw new FairleadError({
    code: 'build/bad-name',
    cause: `${what} is not UTF-8: ${JSON.stringify(bytes.toString('latin1'))} read as Latin-1`,
    ...reading,
  });
}
