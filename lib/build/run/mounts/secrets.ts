import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { SecretMount } from '../../../dockerfile/types.ts';
import { FairleadError, messageOf } from '../../../errors.ts';
import { LONGEST_LINE } from '../../../sandbox/spawn.ts';
import type { SecretSource } from '../secrets.ts';

/** As in BuildKit, session/secrets: a secret is a key or a token, not a file of data. */
const LARGEST_SECRET = 500 * 1024;

/** What a RUN is given of one `--mount=type=secret`. */
export interface OpenSecret {
  data: Buffer;
  /** Absolute or relative to the working directory; without it there is no file. */
  target?: string;
  mode: number;
  uid: number;
  gid: number;
  env?: string;
}

/**
 * A secret that a RUN mounts (BuildKit, dockerfile2llb `dispatchSecret`), or nothing when it was not given and need not
 * be. Throws `build/no-secret`, `build/bad-secret`; the errors hold nothing of it.
 */
export function openSecret(
  mount: SecretMount,
  secrets: ReadonlyMap<string, SecretSource>,
  place: string,
): OpenSecret | undefined {
  const id = mount.id ?? (mount.target === undefined ? '' : basename(mount.target));
  const source = secrets.get(id);
  if (source === undefined) {
    if (!mount.required) return undefined;
    throw new FairleadError({
      code: 'build/no-secret',
      operation: 'building the image',
      place,
      cause: `the RUN needs the secret ${id}, and it was not given`,
      remedy: `give it: --secret id=${id},src=FILE`,
    });
  }
  const target = mount.env === undefined ? (mount.target ?? `/run/secrets/${basename(id)}`) : mount.target;
  return {
    data: readSecret(id, source, place),
    mode: mount.mode === undefined ? 0o400 : Number.parseInt(mount.mode, 8),
    uid: Number(mount.uid ?? 0),
    gid: Number(mount.gid ?? 0),
    ...(target === undefined ? {} : { target }),
    ...(mount.env === undefined ? {} : { env: mount.env }),
  };
}

function readSecret(id: string, source: SecretSource, place: string): Buffer {
  const bad = (cause: string) =>
    new FairleadError({
      code: 'build/bad-secret',
      operation: 'building the image',
      place,
      cause: `the secret ${id} cannot be used: ${cause}`,
      remedy: `a secret is a file of ${LARGEST_SECRET / 1024} KiB at most`,
    });
  if (source.from === 'value') return limited(Buffer.from(source.value), bad);
  try {
    if (statSync(source.path).size > LARGEST_SECRET) throw new Error('it is too large');
    return limited(readFileSync(source.path), bad);
  } catch (error) {
    throw error instanceof FairleadError ? error : bad(messageOf(error));
  }
}

function limited(data: Buffer, bad: (cause: string) => FairleadError): Buffer {
  if (data.length > LARGEST_SECRET) throw bad('it is too large');
  return data;
}

/** Shorter texts than this say nothing, and would be found everywhere. */
const SHORTEST = 4;

const MASK = '***';

/** A function that replaces the texts of secrets in a line, whole or line by line, plain or in base64. */
export function maskOf(secrets: readonly Buffer[]): (line: string) => string {
  const texts = secrets.flatMap((data) => {
    const text = data.toString('utf8');
    const encoded = [data, Buffer.from(text.trim())].map((bytes) =>
      bytes.toString('base64').replace(/=+$/, ''),
    );
    return [text.trim(), ...text.split(/\r?\n/).map((line) => line.trim()), ...encoded];
  });
  const needles = [...new Set(texts)].filter((text) => text.length >= SHORTEST && !text.includes('\n'));
  // The longest first: it may hold others.
  needles.sort((a, b) => b.length - a.length);
  return (line) => {
    let masked = line;
    for (const needle of needles) masked = masked.replaceAll(needle, MASK);
    return line.length < LONGEST_LINE ? masked : withoutBeginning(masked, needles);
  };
}

/** A line that was cut may end with the beginning of one. */
function withoutBeginning(line: string, needles: readonly string[]): string {
  for (const needle of needles) {
    for (let length = Math.min(needle.length, line.length); length >= SHORTEST; length--)
      if (line.endsWith(needle.slice(0, length))) return line.slice(0, -length) + MASK;
  }
  return line;
}
