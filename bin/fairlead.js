#!/usr/bin/env node
// The command `fairlead`, started by whatever Node there is: hands over to Node 24, which runs TypeScript itself.
import { spawnSync } from 'node:child_process';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { ensureDependencies, ensureNode, root, SetupError } from './setup.js';

try {
  ensureDependencies();
  const node = ensureNode();
  // What was stripped of its types and compiled once is taken from here: three quarters of the start.
  const compiled = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'fairlead');
  if (node === dirname(process.execPath)) {
    module.enableCompileCache?.(compiled);
    await import('./fairlead.ts');
  } else {
    const { status } = spawnSync(
      join(node, 'node'),
      [join(root, 'bin', 'fairlead.ts'), ...process.argv.slice(2)],
      { stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: compiled } },
    );
    process.exitCode = status ?? 1;
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`fairlead: ${error.message}`);
  process.exitCode = 1;
}
