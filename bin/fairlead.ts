// The command `fairlead`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { registerBuild } from './commands/build.ts';

const { version, description } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'),
) as { version: string; description: string };

const program = new Command('fairlead').description(description).version(version).showHelpAfterError();
registerBuild(program);
await program.parseAsync();
