#!/usr/bin/env node
// The command `fairlead`, started by whatever Node there is: hands over to Node 24, which runs TypeScript itself.
import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { bundleOf, currentBundle } from './bundle.js';

// What was made last is looked through for garbage when it comes to 1 MiB, not 32: builds of many files take half the
// memory, and no more time.
const YOUNG = '--semi-space-growth-factor=1';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const cache = join(modules, '.cache', 'fairlead');
// What was compiled once is taken from here.
const compiled = process.env.NODE_COMPILE_CACHE ?? cache;

/** Loads the bundle, or the sources where there is none, into this process. */
async function load(bundle) {
  v8.setFlagsFromString(YOUNG);
  module.enableCompileCache?.(compiled);
  if (bundle === undefined) await import('./fairlead.ts');
  else module.createRequire(import.meta.url)(bundle);
}

/** Sees to what may be missing first. Loaded only then: it takes a quarter of the time of a start. */
async function prepare() {
  const { ensureDependencies, ensureNode } = await import('./setup.js');
  ensureDependencies();
  const node = ensureNode();
  const entry = join(root, 'bin', 'fairlead.ts');
  const bundle = await bundleOf(root, entry, cache);
  if (node === dirname(process.execPath)) return load(bundle);
  const { run } = await import('./child.js');
  process.exitCode = await run(join(node, 'node'), [YOUNG, bundle ?? entry, ...process.argv.slice(2)], {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
}

const installed = join(modules, 'node', 'bin', 'node');
const isInstalled = existsSync(installed) && realpathSync(installed) === process.execPath;
// Nothing is missing where nothing has changed since the last start.
const bundle = isInstalled ? currentBundle(root, cache) : undefined;
try {
  await (bundle === undefined ? prepare() : load(bundle));
} catch (error) {
  const { SetupError } = await import('./setup.js');
  if (!(error instanceof SetupError)) throw error;
  console.error(`fairlead: ${error.message}`);
  process.exitCode = 1;
}
