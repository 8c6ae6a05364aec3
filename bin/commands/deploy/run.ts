import pc from 'picocolors';
import type { Config } from '../../../lib/config/config.ts';
import { loadConfig } from '../../../lib/config/load.ts';
import { FairleadError } from '../../../lib/errors.ts';
import type { ClusterToSetUp } from '../../../lib/kube/cluster-setup.ts';
import { showError } from '../show-error.ts';
import { type Aws, asProfile } from './aws.ts';
import { findCaller } from './caller.ts';
import { type Approval, type CdkCall, cdkDeploy } from './cdk.ts';
import { checkRegion } from './checks.ts';
import { checkClone } from './clone.ts';
import { ingressOf } from './cluster-setup.ts';
import { boundControlPlaneLogs } from './control-plane-logs.ts';
import { chooseDocker } from './docker.ts';
import { turnOnMounting } from './mounting.ts';
import { nextSteps } from './next-steps.ts';
import { noNodesWarning } from './no-nodes.ts';
import type { SetUp } from './set-up.ts';
import { outputsOf } from './stack-outputs.ts';

export interface DeployFlags {
  region?: string;
  requireApproval: Approval;
  revertDrift?: boolean;
}

/** What deploying acts by; tests have their own. */
export interface Tools {
  /** The root of the clone. */
  root: string;
  env: NodeJS.ProcessEnv;
  /** Path of the CDK's command line. */
  cdk: string;
  /** The region of the person's profile. */
  ownRegion(): Promise<string | undefined>;
  awsIn(region: string): Aws;
  setUpCluster(aws: Aws, cluster: string, options: Pick<ClusterToSetUp, 'ingress'>): Promise<SetUp>;
  /** Tells the person a line. */
  say(line: string): void;
}

/** Deploys the installation: everything is looked at before anything is done. Answers the exit code. */
export async function deploy(flags: DeployFlags, tools: Tools): Promise<number> {
  const { root, env, say } = tools;
  await checkClone(root);
  const { config } = await loadConfig(root);
  const regions = regionsOf(config, flags.region, await tools.ownRegion());
  const callers = [];
  for (const region of regions) {
    const aws = tools.awsIn(region);
    const caller = await findCaller(aws);
    if (caller.principal === undefined && needsPrincipal(config)) throw unknownPath();
    await checkRegion(aws, caller.account, config);
    callers.push({ aws, caller });
  }
  const docker = await chooseDocker(root, env);
  let isDone = true;
  for (const { aws, caller } of callers) {
    const { region } = aws;
    const { account, principal } = caller;
    say(pc.bold(`Deploying to ${region} of the account ${account}, as ${principal ?? 'yourself'}`));
    const stacks = config.regions.length > 1 ? [`Fairlead*-${region}`] : ['--all'];
    const call: CdkCall = {
      ...{ cdk: tools.cdk, root, stacks, region, docker, approval: flags.requireApproval },
      ...(principal === undefined ? {} : { principal }),
      ...(flags.revertDrift === true && { revertDrift: true }),
    };
    const code = await cdkDeploy(call, env);
    if (code !== 0) return code;
    // What is left to do in one region keeps no other one waiting.
    isDone = (await finish(aws, config, tools)) && isDone;
  }
  return isDone ? 0 : 1;
}

/** Somebody has to be let into a new cluster, to set it up. */
function needsPrincipal({ cluster }: Config): boolean {
  return cluster.is === 'new' && cluster.admins.length === 0;
}

function unknownPath(): FairleadError {
  return new FairleadError({
    code: 'deploy/unknown-path',
    operation: 'looking at who deploys',
    cause: 'your role of IAM Identity Center has a path, and IAM does not tell you which (iam:GetRole)',
    remedy: 'name the role, with its path, in cluster.new.admins of fairlead.config.ts, or let it ask',
  });
}

/** What CloudFormation does not do, and what is left to the person. Answers whether all of it is done. */
async function finish(aws: Aws, config: Config, tools: Tools): Promise<boolean> {
  const { say } = tools;
  if (config.registry.mounting) {
    const told = await turnOnMounting(aws);
    if (told !== undefined) say(told);
  }
  const name = await clusterName(aws, config);
  if (config.cluster.is === 'new') {
    const told = await boundControlPlaneLogs(aws, name, config.logDays);
    if (told !== undefined) say(told);
  }
  say(`Setting up the cluster ${name}, which may have to hear of you first`);
  const setUp = await tools
    .setUpCluster(aws, name, ingressOf(config.cluster))
    .catch((error: unknown) => ({ is: 'failed', error }) as const);
  if (setUp.is === 'applied') tellApplied(setUp, config, aws, say);
  const outputs = (await outputsOf(aws.cloudFormation, 'FairleadPipeline')) ?? {};
  say(`\n${pc.bold('Tell each git host, once')} (a secret is read by the command beside it):`);
  for (const line of nextSteps(config.hosts, outputs, aws)) say(line);
  if (setUp.is === 'out-of-reach') {
    say(`\n${pc.yellow('One step is left')}: the cluster ${name} is not reached from here (${setUp.why}).`);
    say(`Where it is reached: ${setUp.command}`);
    say(`Or run it again, should it answer now: ${asProfile(aws, 'npx fairlead deploy')}`);
    return false;
  }
  if (setUp.is === 'failed') {
    say('');
    showError(setUp.error, say);
    return false;
  }
  say(`\nNext: ${asProfile(aws, 'npx fairlead doctor')}, then push.`);
  return true;
}

/** What the set-up has changed, and whether nodes are there for what is built. */
function tellApplied(
  { objects, architectures }: Extract<SetUp, { is: 'applied' }>,
  { platform }: Config,
  aws: Aws,
  say: Tools['say'],
): void {
  for (const { name, outcome } of objects) say(`${pc.green('✓')} ${name} ${outcome}`);
  const warning = noNodesWarning(architectures, platform, asProfile(aws, 'npx fairlead deploy'));
  if (warning !== undefined) say(`\n${pc.yellow('Warning')}: ${warning}`);
}

/** The cluster of the installation in a region. Throws `deploy/no-cluster-stack`. */
async function clusterName(aws: Aws, { cluster }: Config): Promise<string> {
  const { cloudFormation, region } = aws;
  if (cluster.is === 'existing') return cluster.name;
  const name = (await outputsOf(cloudFormation, 'FairleadCluster'))?.ClusterName;
  if (name !== undefined) return name;
  throw new FairleadError({
    code: 'deploy/no-cluster-stack',
    operation: `looking for the cluster in ${region}`,
    cause: 'there is no stack FairleadCluster that names it',
    remedy: asProfile(aws, 'npx fairlead deploy'),
  });
}

/** Where to deploy to. Throws `deploy/no-region`, `deploy/other-region`. Pure. */
export function regionsOf(
  { regions }: Pick<Config, 'regions'>,
  asked: string | undefined,
  own: string | undefined,
): readonly string[] {
  const operation = 'looking for where to deploy to';
  if (asked !== undefined && regions.length > 0 && !regions.includes(asked))
    throw new FairleadError({
      code: 'deploy/other-region',
      operation,
      cause: `${asked} is not among the regions of fairlead.config.ts: ${regions.join(', ')}`,
      remedy: 'add it there, or leave --region out',
    });
  if (asked !== undefined) return [asked];
  if (regions.length > 0) return regions;
  if (own !== undefined) return [own];
  throw new FairleadError({
    code: 'deploy/no-region',
    operation,
    cause: 'neither fairlead.config.ts nor your AWS profile names a region',
    remedy: 'name one with --region',
  });
}
