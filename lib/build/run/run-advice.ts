import { basename } from 'node:path';
import type { RunInstruction } from '../../dockerfile/types.ts';
import type { SecretSource } from './secrets.ts';

/**
 * What may help somebody whose RUN failed, as far as the Dockerfile and the flags tell: a secret that it mounts was not
 * given, which is no error by itself, or its JSON form is none. Pure.
 */
export function adviceFor(
  { command, mounts }: Pick<RunInstruction, 'command' | 'mounts'>,
  secrets: ReadonlyMap<string, SecretSource>,
): string | undefined {
  const ids = mounts.flatMap((mount) =>
    mount.type === 'secret' ? [mount.id ?? basename(mount.target ?? '')] : [],
  );
  const missing = ids.find((id) => !secrets.has(id));
  if (missing !== undefined)
    return `the secret ${missing} was not given; if the command needs it, add --secret id=${missing},src=FILE`;
  const looksLikeJson = command.form === 'shell' && /^\[\s*['"]/.test(command.script);
  return looksLikeJson ? 'this is not JSON, so a shell got it: write RUN ["program", "argument"]' : undefined;
}
