import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes a directory with files that nobody may touch. */
export function makeCanary(directory: string): string {
  mkdirSync(join(directory, 'a/b'), { recursive: true });
  for (const name of ['b', 'keep', 'a/keep', 'a/b/keep'])
    writeFileSync(join(directory, name), `${name} of the machine\n`);
  return directory;
}

/** All that can be seen of what is in a directory: the same as long as nobody wrote there. */
export function stateOf(directory: string): string {
  const paths = ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })].sort();
  const lines = paths.map((path) => {
    const { mode, uid, gid, nlink, size, mtimeMs, ctimeMs, ino } = lstatSync(join(directory, path));
    const isFile = lstatSync(join(directory, path)).isFile();
    const sha = isFile
      ? createHash('sha256')
          .update(readFileSync(join(directory, path)))
          .digest('hex')
      : '';
    return [path, mode, uid, gid, nlink, size, mtimeMs, ctimeMs, ino, sha].join(' ');
  });
  return lines.join('\n');
}
