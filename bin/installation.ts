import type { App } from 'aws-cdk-lib';
import { parse } from 'yaml';
import { buildspec } from '../lib/engine/codebuild/buildspec.ts';
import { DEPLOYERS } from '../lib/kube/permissions.ts';
import { FAILED_DEPLOYMENTS } from '../lib/report/metrics.ts';
import { AlarmsStack } from '../lib/stacks/alarms-stack.ts';
import { ClusterStack } from '../lib/stacks/cluster-stack.ts';
import { PipelineStack } from '../lib/stacks/pipeline-stack.ts';
import { RegistryStack } from '../lib/stacks/registry-stack.ts';
import { previewsOf } from './previews.ts';

/** The stacks of one installation, each of which can be deployed apart from those after it. */
export function installation(app: App) {
  const registry = new RegistryStack(app, 'FairleadRegistry', { keepImages: 100 });
  const cluster = new ClusterStack(app, 'FairleadCluster');
  const pipeline = new PipelineStack(app, 'FairleadPipeline', {
    registry,
    cluster,
    deployers: DEPLOYERS.group,
    branch: app.node.tryGetContext('branch') ?? 'main',
    // `-c previews=branches` or `pull-requests`: they cost money, and show what is not finished.
    // `-c previewBranches='feature/*,fix/*'`, `-c previewTtl=86400` (seconds) and `-c previewMost=20` say more.
    ...(app.node.tryGetContext('previews') && {
      previews: previewsOf({
        of: app.node.tryGetContext('previews'),
        branches: app.node.tryGetContext('previewBranches'),
        ttl: app.node.tryGetContext('previewTtl'),
        most: app.node.tryGetContext('previewMost'),
      }),
    }),
    hostApiUrl: app.node.tryGetContext('hostApiUrl') ?? 'https://api.github.com',
    // Graviton costs less, and every RUN can be done by a MicroVM. `-c platform=linux/amd64` is the other one.
    platform: app.node.tryGetContext('platform') ?? 'linux/arm64',
    // Their processor is arm64, and few regions have them. `-c microvm=on` installs them.
    microVms: app.node.tryGetContext('microvm') === 'on',
    // It costs nothing until a build needs it. `-c codebuild=off` leaves it out.
    ...(app.node.tryGetContext('codebuild') !== 'off' && { buildspec: parse(buildspec()) }),
  });
  const alarms = new AlarmsStack(app, 'FairleadAlarms', { pipeline, failedDeployments: FAILED_DEPLOYMENTS });
  return { registry, cluster, pipeline, alarms };
}
