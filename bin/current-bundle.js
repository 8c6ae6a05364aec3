// Whether the bundle of the command `fairlead` is that of its sources. Apart from what makes bundles: this is all that
// most starts need, and has no time for more modules than it must. Plain JavaScript, for Node 20 or later.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const BUNDLE = 'fairlead.cjs';

export const STAMPS = '//stamps ';

/** More than the line with the stamps has, by far. */
const FIRST_BYTES = 256 * 1024;

/**
 * The path of the bundle in the folder `cache`, if it is that of the sources beneath `root`, and of the packages, as they
 * are now: its first line tells the size and time of each when it was made. For one version of Node, if `node` names it.
 */
export function currentBundle(root, cache, node) {
  const path = join(cache, BUNDLE);
  try {
    const header = JSON.parse(firstLine(path).slice(STAMPS.length));
    const isCurrent = ([source, size, mtimeMs]) => {
      const now = statSync(`${root}/${source}`);
      return now.size === size && now.mtimeMs === mtimeMs;
    };
    if (node !== undefined && header.node !== node) return undefined;
    // Checkouts may share their packages, and so this folder.
    return header.of === root && header.stamps.every(isCurrent) ? path : undefined;
  } catch {
    return undefined;
  }
}

function firstLine(path) {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.allocUnsafe(FIRST_BYTES);
    const text = start.latin1Slice(0, readSync(file, start));
    return text.slice(0, text.indexOf('\n'));
  } finally {
    closeSync(file);
  }
}
