import { GetRegistryScanningConfigurationCommand, type RegistryScanningRule } from '@aws-sdk/client-ecr';
import { DescribeClusterCommand, ResourceNotFoundException } from '@aws-sdk/client-eks';
import type { Config, ExistingCluster } from '../../../lib/config/config.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { type Aws, asProfile } from './aws.ts';
import { checkConcurrency } from './concurrency.ts';
import { checkEndpoint } from './endpoint.ts';
import { checkRegistry } from './registry-of-others.ts';
import { outputsOf } from './stack-outputs.ts';
import { checkZones } from './zones.ts';

/** Since then ECR repositories of the CDK's assets have immutable tags; older ones do as well. */
const OLDEST_BOOTSTRAP = 6;

/** Throws `deploy/…` for what would make the deployment fail half-way, or take something away from others. */
export async function checkRegion(aws: Aws, account: string, config: Config): Promise<void> {
  await checkBootstrap(aws, account);
  if (config.cluster.is === 'existing') await checkCluster(aws, config.cluster);
  else await checkZones(aws, config.cluster, config);
  await checkRegistry(aws);
  if (config.registry.scanning === 'on-push') await checkScanning(aws);
  if (config.concurrency === 'set-apart') await checkConcurrency(aws);
}

async function checkBootstrap(aws: Aws, account: string): Promise<void> {
  const { cloudFormation, region } = aws;
  const outputs = await outputsOf(cloudFormation, 'CDKToolkit');
  const version = Number(outputs?.BootstrapVersion ?? 0);
  if (version >= OLDEST_BOOTSTRAP) return;
  throw new FairleadError({
    code: 'deploy/not-bootstrapped',
    operation: `looking for the CDK's bootstrap stack in ${region}`,
    cause:
      outputs === undefined
        ? `the account ${account} has none there`
        : `it is of version ${version}, and ${OLDEST_BOOTSTRAP} is the oldest that will do`,
    remedy: asProfile(aws, `npx cdk bootstrap aws://${account}/${region}`),
  });
}

async function checkCluster(aws: Aws, expected: ExistingCluster): Promise<void> {
  const { eks, region } = aws;
  const { name } = expected;
  const fault = (code: string, cause: string, remedy: string) =>
    new FairleadError({ code, operation: `looking up the EKS cluster ${name} in ${region}`, cause, remedy });
  const { cluster } = await eks.send(new DescribeClusterCommand({ name })).catch((error: unknown) => {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw fault(
      'deploy/no-cluster',
      'there is no such cluster',
      'name one that is there in fairlead.config.ts',
    );
  });
  const mode = cluster?.accessConfig?.authenticationMode;
  if (mode === 'CONFIG_MAP')
    throw fault(
      'deploy/no-access-entries',
      'it lets people in by its ConfigMap aws-auth alone, and Fairlead by an access entry',
      asProfile(
        aws,
        `aws eks update-cluster-config --name ${name} --region ${region} --access-config authenticationMode=API_AND_CONFIG_MAP`,
      ),
    );
  await checkEndpoint(aws, expected, cluster?.resourcesVpcConfig ?? {});
}

async function checkScanning({ ecr, region }: Aws): Promise<void> {
  const { scanningConfiguration = {} } = await ecr.send(new GetRegistryScanningConfigurationCommand({}));
  const { scanType = 'BASIC', rules = [] } = scanningConfiguration;
  const others = rules.filter((rule) => !isOurs(rule));
  if (scanType === 'BASIC' && others.length === 0) return;
  throw new FairleadError({
    code: 'deploy/scanning-of-others',
    operation: `looking at what ECR scans in ${region}`,
    cause: `the account has settings of its own there (${scanType}${filters(others)}), which Fairlead's would replace: it is one setting for all repositories`,
    remedy:
      "write registry: { scanning: 'as-is' } in fairlead.config.ts, and add fairlead/* to those settings",
  });
}

function isOurs({ repositoryFilters = [] }: RegistryScanningRule): boolean {
  return repositoryFilters.every(({ filter }) => filter === 'fairlead/*');
}

function filters(rules: readonly RegistryScanningRule[]): string {
  const names = rules.flatMap(({ repositoryFilters = [] }) => repositoryFilters.map(({ filter }) => filter));
  return names.length === 0 ? '' : ` for ${names.join(', ')}`;
}
