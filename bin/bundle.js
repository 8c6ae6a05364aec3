// All modules of the command `fairlead` in one file: to find and link several hundred takes longer than what most of its
// builds do. Plain JavaScript, for Node 20 or later.
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Modules of packages change when npm installs others, which it writes down here. */
const PACKAGES = 'node_modules/.package-lock.json';

/** Within less than this after a file was written, a second write may leave the same times. */
const TICK_MS = 20;

const STAMPS = '//stamps ';

/** More than the line with the stamps has, by far. */
const FIRST_BYTES = 256 * 1024;

/**
 * Sees to it that the bundle in the folder `cache` is that of the sources beneath `root` as they are now: its first line
 * tells the size and time of each when it was made.
 *
 * @returns the path of the bundle, of CommonJS modules (as those load only the parts of Node that they use); nothing
 * where none can be made
 */
export async function bundleOf(root, entry, cache) {
  // Checkouts may share their packages, and so this folder.
  const checkout = createHash('sha256').update(root).digest('hex').slice(0, 8);
  const path = join(cache, `fairlead-${checkout}.cjs`);
  if (isCurrent(root, path)) return path;
  const unfinished = `${path}.${randomUUID()}`;
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(unfinished, '');
  } catch {
    return undefined;
  }
  try {
    const text = await textOf(root, entry);
    if (text === undefined) return undefined;
    writeFileSync(unfinished, text);
    renameSync(unfinished, path);
    return path;
  } catch {
    // What is wrong with a source: Node says it better.
    return undefined;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function isCurrent(root, path) {
  try {
    const stamps = JSON.parse(firstLine(path).slice(STAMPS.length));
    return stamps.every(([source, { size, mtimeMs }]) => {
      const now = stampOf(join(root, source));
      return now?.size === size && now.mtimeMs === mtimeMs;
    });
  } catch {
    return false;
  }
}

function firstLine(path) {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(FIRST_BYTES);
    const text = start.toString('utf8', 0, readSync(file, start));
    return text.slice(0, text.indexOf('\n'));
  } finally {
    closeSync(file);
  }
}

function stampOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && { size: stat.size, mtimeMs: stat.mtimeMs };
}

async function textOf(root, entry) {
  const started = Date.now();
  const { sources, text } = await modulesOf(root, entry);
  const stamps = sources.map((source) => [source, stampOf(join(root, source))]);
  const now = Date.now();
  const isFresh = ({ mtimeMs }) => mtimeMs > started - TICK_MS && mtimeMs <= now;
  // Somebody is writing just now: what was read may be what was before.
  if (stamps.some(([, stamp]) => stamp === undefined || isFresh(stamp))) return undefined;
  return `${STAMPS}${JSON.stringify(stamps)}\n${text}`;
}

async function modulesOf(root, entry) {
  const { build, stop } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    metafile: true,
    write: false,
    logLevel: 'silent',
    // It would be that of the bundle.
    logOverride: { 'empty-import-meta': 'error' },
  }).finally(stop);
  const own = Object.keys(metafile.inputs).filter((input) => !input.startsWith('node_modules/'));
  return {
    sources: [...own, PACKAGES, relative(root, fileURLToPath(import.meta.url))],
    text: outputFiles[0].text,
  };
}
