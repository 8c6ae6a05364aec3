import { type Command, Option } from 'commander';
import { HOST_KINDS, type HostKind } from '../../../lib/host-kind.ts';
import { OPERATE } from '../../../lib/stacks/functions.ts';

export interface RotateFlags {
  function: string;
  local?: true;
  /** Ends what was taken before, in place of a new rotation. */
  finish?: true;
  force?: true;
}

const USAGE_ERROR = 2;

/** Adds the command that rotates what a git host signs its webhooks with. */
export function registerWebhookSecret(program: Command): void {
  const kinds = HOST_KINDS.filter((kind) => kind !== 'codecommit');
  program
    .command('rotate-webhook-secret')
    .description(
      'put a new secret in place of the one that a git host signs its webhooks with; both are taken for a week',
    )
    .argument('<host>', kinds.join(', '))
    .option('--finish', 'take the old one no more, from now on')
    .option(
      '--force',
      'rotate again, though what has the secret from before the last rotation would be refused',
    )
    .addOption(
      new Option('--function <name>', 'the function of the installation, by name or ARN')
        .env('FAIRLEAD_OPERATE')
        .default(OPERATE),
    )
    .option('--local', 'of the local cloud that runs on this machine')
    .showHelpAfterError(false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))
    .action(async (host: HostKind, flags: RotateFlags) => {
      const [{ showing }, { rotateWebhookSecret }] = await Promise.all([
        import('../operate/run.ts'),
        import('./run.ts'),
      ]);
      process.exit(await showing(() => rotateWebhookSecret(flags, host)));
    });
}
