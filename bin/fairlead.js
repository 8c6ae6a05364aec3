#!/usr/bin/env node
// The command `fairlead`, started by whatever Node there is: hands over to Node 24, which runs TypeScript itself.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies, ensureNode, root, SetupError } from './setup.js';

try {
  ensureDependencies();
  const { status } = spawnSync(
    join(ensureNode(), 'node'),
    [join(root, 'bin', 'fairlead.ts'), ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`fairlead: ${error.message}`);
  process.exitCode = 1;
}
