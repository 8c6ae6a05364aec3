import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { APPLY_SETUP } from '../../../lib/kube/setup-command.ts';
import type { DeployFlags } from './run.ts';

interface Flags extends DeployFlags {
  profile?: string;
}

/** Adds the commands that install: `deploy`, and `cluster-setup` for whoever administers the cluster. */
export function registerDeploy(program: Command): void {
  const approval = new Option(
    '--require-approval <when>',
    'when to ask before somebody gets more rights',
  ).choices(['never', 'any-change', 'broadening']);
  program
    .command('deploy')
    .description('install Fairlead in an AWS account, or bring an installation up to date')
    .option('--region <region>', 'where (default: as fairlead.config.ts says, or your AWS profile)')
    .option('--profile <name>', 'the AWS profile to use')
    .addOption(approval.default('broadening'))
    .option('--revert-drift', 'put right, too, what was changed or taken away by hand')
    .action(async (flags: Flags) => {
      if (flags.profile !== undefined) process.env.AWS_PROFILE = flags.profile;
      const { deploy } = await import('./run.ts');
      process.exitCode = await shown(async () => deploy(flags, await toolsHere(flags.profile)));
    });
  program
    .command('cluster-setup')
    .description(`print what has to be in the cluster, for ${APPLY_SETUP}`)
    .option('--auto-mode', 'the cluster that is there is EKS in Auto Mode')
    .action(async ({ autoMode = false }: { autoMode?: boolean }) => {
      const { clusterSetupYaml } = await import('./cluster-setup.ts');
      const { loadConfig } = await import('../../../lib/config/load.ts');
      process.exitCode = await shown(async () => {
        process.stdout.write(clusterSetupYaml((await loadConfig(process.cwd())).config, autoMode));
        return 0;
      });
    });
}

async function toolsHere(profile?: string) {
  const [{ awsIn }, { setUpCluster }, { STSClient }] = await Promise.all([
    import('./aws.ts'),
    import('./set-up.ts'),
    import('@aws-sdk/client-sts'),
  ]);
  const root = process.cwd();
  return {
    root,
    env: process.env,
    cdk: join(root, 'node_modules', '.bin', 'cdk'),
    // The SDK's way: the variable, or the profile's file.
    ownRegion: () => new STSClient({}).config.region().catch(() => undefined),
    awsIn: (region: string) => awsIn(region, profile),
    setUpCluster,
    say: (line: string) => console.log(line),
  };
}

async function shown(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const { showError } = await import('../show-error.ts');
    showError(error, (line) => console.error(line));
    return 1;
  }
}
