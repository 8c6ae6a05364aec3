import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { OPERATE } from '../../../lib/stacks/functions.ts';
import type { DeadLetterFlags } from './dead-letters.ts';

/** What every command that asks an installation takes. */
export interface Common {
  function: string;
  local?: true;
  json?: true;
}

/** What one environment's commands take beside that. */
export interface OfEnvironment extends Common {
  environment?: string;
}

const USAGE_ERROR = 2;

/** Adds the commands that ask an installation: what runs, what ran, and to bring it back. */
export function registerOperate(program: Command): void {
  const command = (name: string, description: string) => add(program, name, description);
  command('status [app]', 'show what runs: of all apps, or all there is to say of one').action(
    run(async (words, flags: Common, [app]) => words.showStatus(flags, app)),
  );
  environmentOf(command('releases <app>', 'show the releases of an app, and how they ended'))
    .option('-n, --limit <number>', 'how many (default: 20)', whole)
    .action(
      run(async (words, flags: OfEnvironment & { limit?: number }, [app = '']) =>
        words.showReleases(flags, app),
      ),
    );
  environmentOf(
    command('diff <app>', 'show what a release changed in the cluster').argument(
      '[release]',
      'its number (default: the newest)',
      whole,
    ),
  ).action(
    run(async (words, flags: OfEnvironment, [app = '', number]) =>
      words.showDiff(flags, app, number === undefined ? undefined : Number(number)),
    ),
  );
  environmentOf(
    command('rollback <app>', 'bring back the last good release, and refuse the commit that runs now'),
  )
    .option('--to <release>', 'the release to bring back', whole)
    .option('--reason <words>', 'why, for whoever asks later')
    .action(
      run(async (words, flags: OfEnvironment & { to?: number; reason?: string }, [app = '']) =>
        words.rollBack({ ...flags, by: person() }, app),
      ),
    );
  environmentOf(command('retry <app> [commit]', 'let a refused commit in again, and deploy the branch'))
    .option('--no-deploy', 'leave the deployment to the next push')
    .action(
      run(async (words, flags: OfEnvironment & { deploy: boolean }, [app = '', commit]) =>
        words.retry(flags, app, commit),
      ),
    );
  command('preview <app>', 'let one commit of a fork’s pull request be previewed')
    .argument('<pull-request>', 'its number', whole)
    .requiredOption('--commit <id>', 'the commit that you have read, in full')
    .action(
      run(async (words, flags: Common & { commit: string }, [app = '', pull = '']) =>
        words.approve({ ...flags, by: person() }, app, Number(pull)),
      ),
    );
  command(
    'recover [app]',
    'bring the ledger and the cluster together, after one of them was lost or restored',
  ).action(run(async (words, flags: Common, [app]) => words.recover(flags, app)));
  environmentOf(
    command(
      'redeploy <app>',
      'build and bring out the branch’s head again, whatever runs: after images were lost; of a listed app also for the first time',
    ),
  ).action(run(async (words, flags: OfEnvironment, [app = '']) => words.redeploy(flags, app)));
  command('doctor', 'look an installation over: what is not ok, and what to do about it').action(
    async (flags: Common) => {
      const [{ showing }, { doctor }] = await Promise.all([import('./run.ts'), import('../doctor/run.ts')]);
      process.exit(await showing(() => doctor(flags)));
    },
  );
  command('dead-letters', 'show the events that were given up after their retries')
    .option('--replay <id>', 'have one done after all')
    .option('--delete [id]', 'drop one, or with --all all of them')
    .option('--all', 'have all of them done after all')
    .action(run(async (words, flags: DeadLetterFlags) => words.deadLetters(flags)));
  command('remove <app> <environment>', 'take a preview away, with everything in it').action(
    run(async (words, flags: Common, [app = '', environment = '']) =>
      words.remove({ ...flags, by: person() }, app, environment),
    ),
  );
}

type Words = typeof import('./run.ts')['COMMANDS'];

/** Loaded when one of them is asked for: others start without. */
function run<F extends Common>(
  act: (words: Words, flags: F, args: (string | undefined)[]) => Promise<number>,
) {
  return async (...given: unknown[]) => {
    const [flags] = given.splice(-2) as [F, Command];
    const { COMMANDS, showing } = await import('./run.ts');
    const code = await showing(() => act(COMMANDS, flags, given as (string | undefined)[]));
    if (code !== 0) process.exit(code);
  };
}

function add(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(
      new Option('--function <name>', 'the function of the installation, by name or ARN')
        .env('FAIRLEAD_OPERATE')
        .default(OPERATE),
    )
    .option(
      '--local',
      'ask the local cloud that runs on this machine; of several the newest, or FAIRLEAD_LOCAL=PID',
    )
    .option('--json', 'print what the installation answers, as JSON')
    .showHelpAfterError(false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR));
}

function environmentOf(command: Command): Command {
  return command.option('-e, --environment <name>', 'production (default), or that of a preview');
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It takes a whole number above 0.');
}

/** Who asks, as this machine knows it: for people to read, not to be trusted. */
function person(): string {
  try {
    return userInfo().username;
  } catch {
    return 'somebody';
  }
}
