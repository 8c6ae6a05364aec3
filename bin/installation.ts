import type { App } from 'aws-cdk-lib';
import { parse } from 'yaml';
import { apiUrlOf } from '../lib/config/api-url.ts';
import { type Config, DEFAULTS, type HostSettings } from '../lib/config/config.ts';
import { deploysOf } from '../lib/config/deploys.ts';
import { zonesIn } from '../lib/config/zones.ts';
import { buildspec } from '../lib/engine/codebuild/buildspec.ts';
import { DEPLOYERS } from '../lib/kube/permissions.ts';
import { METRICS } from '../lib/report/metrics.ts';
import { AlarmsStack } from '../lib/stacks/alarms-stack.ts';
import type { ClusterSettings } from '../lib/stacks/cluster-settings.ts';
import { ClusterStack } from '../lib/stacks/cluster-stack.ts';
import { PipelineStack } from '../lib/stacks/pipeline-stack.ts';
import { RegistryStack } from '../lib/stacks/registry-stack.ts';
import type { GitHost } from '../lib/stacks/triggers.ts';
import manifest from '../package.json' with { type: 'json' };

/** The stacks of one region, each of which can be deployed apart from those after it. */
export interface Stacks {
  registry: RegistryStack;
  /** Absent where the cluster was there before. */
  cluster?: ClusterStack;
  pipeline: PipelineStack;
  alarms: AlarmsStack;
}

/** Everything that a configuration asks for: one set of stacks in each of its regions. */
export function installations(app: App, config: Config): readonly Stacks[] {
  const { regions, notifications, budget, ...rest } = config;
  if (regions.length < 2) return [installation(app, config, { region: regions[0] })];
  return regions.map((region, at) => {
    // Alarms tell topics of their own region only; what is spent is spent by the account, wherever.
    const topics = notifications.topics.filter((arn) => arn.split(':')[3] === region);
    const here = { ...rest, regions: [region], notifications: { ...notifications, topics } };
    // A stack is called the same in every region; only here it takes more to tell them apart.
    const where = { region, suffix: `-${region}` };
    return installation(app, { ...here, ...(at === 0 && budget && { budget }) }, where);
  });
}

interface Where {
  region?: string | undefined;
  /** What ids of the stacks end in, beside those of other regions. */
  suffix?: string;
}

/** The stacks of one region: of the one that the AWS profile names, where none is said. */
export function installation(
  app: App,
  config: Config = DEFAULTS,
  { region, suffix = '' }: Where = {},
): Stacks {
  // Without an account nothing has to be looked up: synthesis needs neither network nor credentials.
  const propsOf = (stackName: string) => ({ stackName, ...(region !== undefined && { env: { region } }) });
  const registry = new RegistryStack(app, `FairleadRegistry${suffix}`, {
    ...propsOf('FairleadRegistry'),
    keepImages: config.registry.keepImages,
    scanning: config.registry.scanning,
  });
  const settings = clusterSettings(config, region, app.node.tryGetContext('installer'));
  const cluster =
    settings.kind === 'existing'
      ? settings
      : new ClusterStack(app, `FairleadCluster${suffix}`, { ...propsOf('FairleadCluster'), settings });
  const pipeline = new PipelineStack(app, `FairleadPipeline${suffix}`, {
    ...propsOf('FairleadPipeline'),
    version: manifest.version,
    registry,
    cluster,
    loadBalancers: config.cluster.loadBalancers,
    deployers: DEPLOYERS.group,
    deploys: deploysOf(config),
    hosts: config.hosts.map(gitHost),
    codeCommitRepositories: codeCommitRepositories(config),
    platform: config.platform,
    logDays: config.logDays,
    concurrency: config.concurrency,
    stuckAfter: config.alarms.stuckAfter,
    microVms: config.engines.microvm,
    ...(config.engines.codebuild && { buildspec: parse(buildspec()) }),
  });
  const alarms = new AlarmsStack(app, `FairleadAlarms${suffix}`, {
    ...propsOf('FairleadAlarms'),
    pipeline,
    measured: METRICS,
    thresholds: config.alarms,
    notifications: config.notifications,
    budget: config.budget,
  });
  return { registry, ...(cluster instanceof ClusterStack && { cluster }), pipeline, alarms };
}

function gitHost({ kind, url, access }: HostSettings): GitHost {
  const apiUrl = apiUrlOf({ kind, ...(url !== undefined && { url }) });
  return { kind, access, ...(apiUrl !== undefined && { apiUrl }) };
}

/** What is asked of AWS, and heard of it, is asked and heard of these alone. */
function codeCommitRepositories({ apps }: Config): string[] {
  if (apps === 'any') return [];
  return apps.flatMap(({ repository: { host, repository } }) => (host === 'codecommit' ? [repository] : []));
}

/** `installer`: the ARN of whoever deploys just now. */
function clusterSettings(
  { cluster }: Config,
  region: string | undefined,
  installer?: string,
): ClusterSettings {
  if (cluster.is === 'new') {
    const { version, endpoint, admins, natGateways } = cluster;
    const zones = zonesIn(cluster, region);
    const all = new Set([...admins, ...(installer === undefined ? [] : [installer])]);
    return { kind: 'new', version, endpoint, admins: [...all], natGateways, zones };
  }
  const { name, endpoint, vpc, subnets, securityGroups } = cluster;
  return {
    kind: 'existing',
    name,
    endpoint,
    ...(vpc !== undefined && { network: { vpc, subnets, securityGroups } }),
  };
}
