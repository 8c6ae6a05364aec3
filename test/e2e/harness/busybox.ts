import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Entry } from '../../../lib/image/entry.ts';

const ROOT = { uid: 0, gid: 0, mtime: 1_000_000_000 };
const PROGRAM = '/bin/busybox';

/** The files of an image with a shell and the usual commands; undefined where there is no busybox to make it of. */
export function busyboxEntries(): Entry[] | undefined {
  try {
    const commands = execFileSync(PROGRAM, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean);
    const bytes = readFileSync(PROGRAM);
    // One that needs libraries would not run alone.
    if (bytes.includes('/lib64/ld-linux') || !commands.includes('httpd')) return undefined;
    return [
      ...['bin', 'etc', 'proc', 'sys', 'dev', 'tmp'].map(
        (path): Entry => ({ ...ROOT, path, type: 'directory', mode: path === 'tmp' ? 0o1777 : 0o755 }),
      ),
      {
        ...ROOT,
        path: 'bin/busybox',
        type: 'file',
        mode: 0o755,
        size: bytes.length,
        open: () => Readable.from([bytes]),
      },
      ...commands
        .filter((name) => name !== 'busybox')
        .map(
          (name): Entry => ({
            ...ROOT,
            path: `bin/${name}`,
            type: 'symlink',
            mode: 0o777,
            linkTarget: 'busybox',
          }),
        ),
    ];
  } catch {
    return undefined;
  }
}
