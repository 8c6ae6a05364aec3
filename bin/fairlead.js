#!/usr/bin/env node
// The command `fairlead`, started by whatever Node there is: hands over to Node 24, which runs TypeScript itself.
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { currentBundle } from './current-bundle.js';

// What was made last is looked through for garbage when it comes to 1 MiB, not 32: builds of many files take half the
// memory, and no more time.
const YOUNG = '--semi-space-growth-factor=1';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A bundle does not know from where it was made (bin/root.ts).
process.env.FAIRLEAD_ROOT = root;
const cache = join(root, 'node_modules', '.cache', 'fairlead');
// What was compiled once is taken from here.
const compiled = process.env.NODE_COMPILE_CACHE ?? cache;

// When its bundle was made everything was there that it needs, and nothing has changed since.
const bundle = currentBundle(root, cache, process.versions.node);
if (bundle === undefined) await prepareAndStart();
else load(bundle);

function load(bundle) {
  module.enableCompileCache?.(compiled);
  module.createRequire(import.meta.url)(bundle);
  grow();
}

// Not before everything is loaded: Node has compiled its own modules for other flags, and would compile them anew.
function grow() {
  v8.setFlagsFromString(YOUNG);
}

async function prepareAndStart() {
  const { ensureDependencies, ensureNode, SetupError } = await import('./setup.js');
  try {
    ensureDependencies();
    await start(ensureNode());
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`fairlead: ${error.message}`);
    process.exitCode = 1;
  }
}

async function start({ folder, version }) {
  const { bundleOf } = await import('./bundle.js');
  const entry = join(root, 'bin', 'fairlead.ts');
  const bundle = await bundleOf(root, entry, cache, version);
  if (version !== process.versions.node) {
    const { run } = await import('./child.js');
    process.exitCode = await run(join(folder, 'node'), [YOUNG, bundle ?? entry, ...process.argv.slice(2)], {
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    });
  } else if (bundle === undefined) {
    await import('./fairlead.ts');
    grow();
  } else load(bundle);
}
