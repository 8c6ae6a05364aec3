import { stringify } from 'yaml';
import type { Config } from '../../../lib/config/config.ts';
import { clusterSetup } from '../../../lib/kube/cluster-setup.ts';

/** What has to be in the cluster, as `kubectl apply -f -` takes it. Of a cluster that is there, `autoMode` says what it is. */
export function clusterSetupYaml({ cluster }: Pick<Config, 'cluster'>, autoMode: boolean): string {
  const nodes = cluster.is === 'new' || autoMode ? 'auto-mode' : 'of-the-cluster';
  return clusterSetup(nodes)
    .map((object) => stringify(object, { lineWidth: 0 }))
    .join('---\n');
}
