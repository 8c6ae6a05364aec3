// All modules of the command `fairlead` in one file: to find and link several hundred takes longer than what most of its
// builds do. Plain JavaScript, for Node 20 or later.
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLE, currentBundle, STAMPS } from './current-bundle.js';

/** What is to be installed, and what is: modules of packages change with it. */
const PACKAGES = ['package-lock.json', 'node_modules/.package-lock.json'];

/** Within less than this after a file was written, a second write may leave the same times. */
const TICK_MS = 20;

/** Modules of Node that take a while to load, and for which a build in which nothing has changed has no use, or a late one. */
const LATE = ['child_process', 'dgram', 'dns', 'http', 'https', 'net', 'tls', 'zlib'];

/** Loads these when something of them is used first. */
const LOAD_LATE = `require = ((require, late) => (id) => {
  if (!late.has(id)) return require(id);
  let module;
  return new Proxy({}, { get: (_, name) => (module ??= require(id))[name] });
})(require, new Set(${JSON.stringify(LATE.map((name) => `node:${name}`))}));
`;

/**
 * Sees to it that there is a current bundle, made for Node of the version `node`.
 *
 * @returns its path; it is of CommonJS modules, as those load only the parts of Node that they use. Nothing where none
 * can be made
 */
export async function bundleOf(root, entry, cache, node = process.versions.node) {
  const current = currentBundle(root, cache, node);
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
    const text = await textOf(root, entry, node);
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

async function textOf(root, entry, node) {
  const started = Date.now();
  const { sources, text } = await modulesOf(root, entry);
  const stamps = sources.map((source) => {
    const { size, mtimeMs } = statSync(join(root, source));
    return [source, size, mtimeMs];
  });
  const now = Date.now();
  const isFresh = ([, , mtimeMs]) => mtimeMs > started - TICK_MS && mtimeMs <= now;
  // Somebody is writing just now: what was read may be what was before.
  if (stamps.some(isFresh)) return undefined;
  return `${STAMPS}${ascii(JSON.stringify({ of: root, node, stamps }))}\n${LOAD_LATE}${text}`;
}

// So that the first line can be read without decoding it.
function ascii(json) {
  return json.replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
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
  const makers = ['bundle.js', 'setup.js'].map((name) =>
    relative(root, fileURLToPath(new URL(name, import.meta.url))),
  );
  return { sources: [...own, ...PACKAGES, ...makers], text: outputFiles[0].text };
}
