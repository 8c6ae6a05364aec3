import type { App } from 'aws-cdk-lib';
import { parse } from 'yaml';
import { type Config, DEFAULTS } from '../lib/config/config.ts';
import { deploysOf } from '../lib/config/deploys.ts';
import { buildspec } from '../lib/engine/codebuild/buildspec.ts';
import { DEPLOYERS } from '../lib/kube/permissions.ts';
import { METRICS } from '../lib/report/metrics.ts';
import { AlarmsStack } from '../lib/stacks/alarms-stack.ts';
import type { ClusterSettings } from '../lib/stacks/cluster-settings.ts';
import { ClusterStack } from '../lib/stacks/cluster-stack.ts';
import { PipelineStack } from '../lib/stacks/pipeline-stack.ts';
import { RegistryStack } from '../lib/stacks/registry-stack.ts';

/** The stacks of one region, each of which can be deployed apart from those after it. */
export interface Stacks {
  registry: RegistryStack;
  /** Absent where the cluster was there before. */
  cluster?: ClusterStack;
  pipeline: PipelineStack;
  alarms: AlarmsStack;
}

/** Everything that a configuration asks for: one set of stacks in each of its regions. */
export function installation(app: App, config: Config = DEFAULTS): readonly Stacks[] {
  const { regions } = config;
  if (regions.length === 0) return [stacksIn(app, config, undefined, '')];
  // A stack is called the same in every region; only here it takes more to tell them apart.
  return regions.map((region) => stacksIn(app, config, region, regions.length > 1 ? `-${region}` : ''));
}

function stacksIn(app: App, config: Config, region: string | undefined, suffix: string): Stacks {
  // Without an account nothing has to be looked up: synthesis needs neither network nor credentials.
  const propsOf = (stackName: string) => ({ stackName, ...(region !== undefined && { env: { region } }) });
  const registry = new RegistryStack(app, `FairleadRegistry${suffix}`, {
    ...propsOf('FairleadRegistry'),
    keepImages: config.registry.keepImages,
    scanning: config.registry.scanning,
  });
  const settings = clusterSettings(config);
  const cluster =
    settings.kind === 'existing'
      ? settings
      : new ClusterStack(app, `FairleadCluster${suffix}`, { ...propsOf('FairleadCluster'), settings });
  const pipeline = new PipelineStack(app, `FairleadPipeline${suffix}`, {
    ...propsOf('FairleadPipeline'),
    registry,
    cluster,
    deployers: DEPLOYERS.group,
    deploys: deploysOf(config),
    hostApiUrl: 'https://api.github.com',
    platform: config.platform,
    logDays: config.logDays,
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

function clusterSettings({ cluster }: Config): ClusterSettings {
  if (cluster.is === 'new') {
    const { version, endpoint, admins, natGateways } = cluster;
    return { kind: 'new', version, endpoint, admins, natGateways };
  }
  const { name, endpoint, vpc, subnets, securityGroups } = cluster;
  return {
    kind: 'existing',
    name,
    endpoint,
    ...(vpc !== undefined && { network: { vpc, subnets, securityGroups } }),
  };
}
