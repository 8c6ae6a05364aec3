import type { Command } from 'commander';
import { showError } from '../show-error.ts';
import type { Flags } from './flags.ts';

const several = (value: string, before: string[] = []) => [...before, value];

/** `fairlead init` */
export function registerInit(program: Command): void {
  program
    .command('init')
    .description('write fairlead.config.ts, by asking or from flags')
    .option(
      '-r, --repository <name>',
      'what is deployed: github.com/OWNER/NAME (again for another one)',
      several,
    )
    .option('--host <kind>', 'what runs where it is, if its name does not tell: gitlab, gitea, github')
    .option('-b, --branch <name>', 'the branch that is production')
    .option('--staging <branch>', 'the branch of an environment staging')
    .option('-e, --environment <name=branch>', 'another environment (again for another one)', several)
    .option('--previews <which>', 'environments that come and go: off, branches, pull-requests')
    .option('--region <name>', 'the AWS region (again for another one)', several)
    .option('--cluster <name>', 'new, or the name of an EKS cluster that is there')
    .option('--endpoint <which>', 'from where its API is reached: public, public-and-private, private')
    .option('--vpc <id>', 'of a private endpoint of a cluster that is there')
    .option('--subnet <id>', 'the same (again for another one)', several)
    .option('--security-group <id>', 'the same: one that the cluster lets in', several)
    .option('--load-balancers <which>', 'from where apps are reached: internet-facing or internal')
    .option('--platform <name>', 'what images are built for: linux/arm64 or linux/amd64')
    .option('--email <address>', 'who is told of alarms (again for another one)', several)
    .option('--budget <dollars>', 'US dollars a month, before which they are warned')
    .option('-y, --yes', 'ask nothing, and take what is usual for what is not said')
    .option('--force', 'write it though there is one')
    .action(async (flags: Flags) => {
      // Loaded when it is needed: builds, which are many, start without it.
      const { init } = await import('./run.ts');
      const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
      try {
        for (const line of await init(flags, { region: AWS_REGION ?? AWS_DEFAULT_REGION })) console.log(line);
      } catch (error) {
        showError(error, (line) => console.error(line));
        process.exitCode = 1;
      }
    });
}
