import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';

/** Removes a directory and all it holds, also where directories of Go's module cache or of images forbid it. */
export function removeTree(path: string): void {
  makeDeletable(path);
  rmSync(path, { recursive: true, force: true });
}

/** Gives us the right to remove what is in a directory. */
export function makeDeletable(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return;
  if ((stat.mode & 0o700) !== 0o700) chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) makeDeletable(`${path}/${entry.name}`);
  }
}
