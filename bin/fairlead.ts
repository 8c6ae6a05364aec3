// The command `fairlead`.
import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { registerBuild } from './commands/build.ts';
import { registerOperate } from './commands/operate/register.ts';

const { version, description } = manifest;
const program = new Command('fairlead').description(description).version(version).showHelpAfterError();
registerBuild(program);
registerOperate(program);
// Not awaited: the bundle that bin/bundle.js makes is of CommonJS modules.
void program.parseAsync();
