import { execFile } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readTar } from '../image/read-tar.ts';
import { type Able, namespaceFlags } from './ability.ts';
import { SYSTEM_PATH } from './spawn.ts';

// Node.js has no extended attributes. GNU tar reads and writes them, and cp takes them from one file to another.

/** The `security.capability` of files, in base64 by path, from the tar of empty files that the sandbox wrote. */
export async function readCapabilities(archive: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (!existsSync(archive)) return found;
  for await (const [{ name, xattrs }] of readTar(createReadStream(archive))) {
    const capability = xattrs.get('security.capability');
    if (capability !== undefined) found.set(name.replace(/^\.\//, ''), capability.toString('base64'));
  }
  return found;
}

/**
 * Gives files below `top` their `security.capability`. `scratch` is a directory of ours; `archiveOf` writes a tar of
 * empty files that have the attributes.
 */
export async function writeCapabilities(
  ability: Pick<Able, 'as'>,
  top: string,
  capabilities: ReadonlyMap<string, string>,
  archiveOf: (capabilities: ReadonlyMap<string, string>) => Promise<Buffer>,
): Promise<void> {
  if (capabilities.size === 0) return;
  mkdirSync(dirname(top), { recursive: true });
  const scratch = mkdtempSync(join(dirname(top), 'capabilities-'));
  try {
    writeFileSync(join(scratch, 'tar'), await archiveOf(capabilities));
    mkdirSync(join(scratch, 'files'));
    const script = `cd "$1/files" && tar --xattrs --xattrs-include='*' -xf ../tar &&
find . -type f -exec sh -c 'for f; do cp --attributes-only --preserve=xattr "$f" "$TOP/$f" || exit; done' sh {} +`;
    const enter = ability.as === 'user' ? ['unshare', ...namespaceFlags('user')] : [];
    const [file = 'sh', ...args] = [...enter, 'sh', '-c', script, 'sh', scratch];
    const env = { PATH: SYSTEM_PATH, TOP: top };
    await promisify(execFile)(file, args, { env });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
