// The command `fairlead`.
import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { registerBuild } from './commands/build.ts';
import { registerDeploy } from './commands/deploy/register.ts';
import { registerInit } from './commands/init/register.ts';
import { registerOperate } from './commands/operate/register.ts';
import { registerWebhookSecret } from './commands/webhook-secret/register.ts';
import { registerWebhooks } from './commands/webhooks/register.ts';

const { version, description } = manifest;
const program = new Command('fairlead').description(description).version(version).showHelpAfterError();
registerBuild(program);
registerInit(program);
registerDeploy(program);
registerOperate(program);
registerWebhooks(program);
registerWebhookSecret(program);
// Not awaited: the bundle that bin/bundle.js makes is of CommonJS modules.
if (process.argv[2] === 'docker') void standInForDocker(process.argv.slice(3));
else void program.parseAsync();

// For bin/fairlead-docker.js alone: no command that people are told of.
async function standInForDocker(words: readonly string[]): Promise<void> {
  const { runDocker } = await import('./commands/docker/run.ts');
  process.exitCode = await runDocker(words);
}
