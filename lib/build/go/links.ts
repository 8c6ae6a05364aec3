import { lstatSync, readdirSync, readlinkSync, realpathSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Keeps symlinks in the stage after they were moved or copied to `path`: one that climbs further than it is deep now
 * would lead out of `root` on this machine. In the stage it ends at `/`, as it does here afterwards.
 */
export function holdLinks(path: string, root: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) for (const name of readdirSync(path)) holdLinks(join(path, name), root);
  if (!stat?.isSymbolicLink()) return;
  const text = readlinkSync(path);
  const top = realpathSync(root);
  const target = resolve(realpathSync(dirname(path)), text);
  if (target === top || target.startsWith(`${top}/`)) return;
  unlinkSync(path);
  symlinkSync(join(root, resolve('/', text)), path);
}
