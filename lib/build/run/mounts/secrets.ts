import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { SecretMount } from '../../../dockerfile/types.ts';
import { FairleadError, messageOf } from '../../../errors.ts';
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
  if (mount.env !== undefined && !isVariable(mount.env)) {
    throw new FairleadError({
      code: 'build/bad-secret',
      operation: 'building the image',
      place,
      cause: `the secret ${id} cannot be handed over as the variable ${mount.env}`,
      remedy: 'give it a name of letters, digits and _ that is not a shell\u2019s own: env=TOKEN',
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

// A shell exports it: in the arguments of a program everybody on the machine could read it.
function isVariable(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !SHELLS_OWN.test(name);
}

const SHELLS_OWN =
  /^(PATH|PWD|OLDPWD|SHLVL|_|IFS|ENV|BASH.*|SHELLOPTS|E?UID|PPID|GROUPS|DIRSTACK|FUNCNAME|S?RANDOM|SECONDS|LINENO|OPT(ARG|IND)|EPOCH.*|LD_.*|secret_\d+|unshare)$/;

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
