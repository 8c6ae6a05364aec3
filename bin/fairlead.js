#!/usr/bin/env node
// The command `fairlead`, started by whatever Node there is: hands over to Node 24, which runs TypeScript itself.
import module from 'node:module';
import { dirname, join } from 'node:path';
import v8 from 'node:v8';
import { bundleOf } from './bundle.js';
import { run } from './child.js';
import { ensureDependencies, ensureNode, root, SetupError } from './setup.js';

// What was made last is looked through for garbage when it comes to 1 MiB, not 32: builds of many files take half the
// memory, and no more time.
const YOUNG = '--semi-space-growth-factor=1';

try {
  ensureDependencies();
  const node = ensureNode();
  const cache = join(root, 'node_modules', '.cache', 'fairlead');
  const entry = join(root, 'bin', 'fairlead.ts');
  const bundle = await bundleOf(root, entry, cache);
  // What was compiled once is taken from here.
  const compiled = process.env.NODE_COMPILE_CACHE ?? cache;
  if (node === dirname(process.execPath)) {
    v8.setFlagsFromString(YOUNG);
    module.enableCompileCache?.(compiled);
    if (bundle === undefined) await import('./fairlead.ts');
    else module.createRequire(import.meta.url)(bundle);
  } else {
    process.exitCode = await run(join(node, 'node'), [YOUNG, bundle ?? entry, ...process.argv.slice(2)], {
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    });
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`fairlead: ${error.message}`);
  process.exitCode = 1;
}
