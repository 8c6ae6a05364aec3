import { type Command, Option } from 'commander';
import { OPERATE } from '../../../lib/stacks/functions.ts';

export interface WebhooksFlags {
  function: string;
  local?: true;
  /** Says what would be done, and does nothing. */
  dryRun?: true;
}

const USAGE_ERROR = 2;

/** Adds the command that sees to it that git hosts tell the installation of pushes. */
export function registerWebhooks(program: Command): void {
  program
    .command('webhooks')
    .description(
      'make or mend the webhook of every repository that is deployed; with your token in GITHUB_TOKEN, GITLAB_TOKEN, GITEA_TOKEN or BITBUCKET_TOKEN, else the installation’s',
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(
      new Option('--function <name>', 'the function of the installation, by name or ARN')
        .env('FAIRLEAD_OPERATE')
        .default(OPERATE),
    )
    .option('--local', 'of the local cloud that runs on this machine')
    .showHelpAfterError(false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))
    .action(async (flags: WebhooksFlags) => {
      const [{ showing }, { installWebhooks }] = await Promise.all([
        import('../operate/run.ts'),
        import('./run.ts'),
      ]);
      process.exit(await showing(() => installWebhooks(flags)));
    });
}
