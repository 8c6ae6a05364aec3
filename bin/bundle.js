// All modules of the command `fairlead` in one file: to find and link several hundred takes longer than what most of its
// builds do. Plain JavaScript, for Node 20 or later.
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

/** What is to be installed, and what is: modules of packages change with it. */
const PACKAGES = ['package-lock.json', 'node_modules/.package-lock.json'];

/** Within less than this after a file was written, a second write may leave the same times. */
const TICK_MS = 20;

const BUNDLE = 'fairlead.cjs';

const STAMPS = '//stamps ';

/** More than the line with the stamps has, by far. */
const FIRST_BYTES = 256 * 1024;

/**
 * The path of the bundle in the folder `cache`, if it is that of the sources beneath `root`, and of the packages, as they
 * are now: its first line tells the size and time of each when it was made.
 */
export function currentBundle(root, cache) {
  const path = join(cache, BUNDLE);
  try {
    const { of, stamps } = JSON.parse(firstLine(path).slice(STAMPS.length));
    const isCurrent = ([source, { size, mtimeMs }]) => {
      const now = stampOf(join(root, source));
      return now?.size === size && now.mtimeMs === mtimeMs;
    };
    // Checkouts may share their packages, and so this folder.
    return of === root && stamps.every(isCurrent) ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Sees to it that there is a current bundle.
 *
 * @returns its path; it is of CommonJS modules, as those load only the parts of Node that they use. Nothing where none
 * can be made
 */
export async function bundleOf(root, entry, cache) {
  const current = currentBundle(root, cache);
  if (current !== undefined) return current;
  const path = join(cache, BUNDLE);
  const unfinished = `${path}.${process.pid}-${Date.now()}`;
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
  return `${STAMPS}${JSON.stringify({ of: root, stamps })}\n${text}`;
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
    sources: [...own, ...PACKAGES, relative(root, fileURLToPath(import.meta.url))],
    text: outputFiles[0].text,
  };
}
