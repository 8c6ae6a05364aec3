import { stringify } from 'yaml';
import type { Config } from '../../../lib/config/config.ts';
import { type ClusterToSetUp, clusterSetup } from '../../../lib/kube/cluster-setup.ts';

/** What has to be in the cluster, as `kubectl apply -f -` takes it. Of a cluster that is there, `autoMode` says what it is. */
export function clusterSetupYaml({ cluster }: Pick<Config, 'cluster'>, autoMode: boolean): string {
  const nodes = cluster.is === 'new' || autoMode ? 'auto-mode' : 'of-the-cluster';
  return clusterSetup({ nodes, ...ingressOf(cluster) })
    .map((object) => stringify(object, { lineWidth: 0 }))
    .join('---\n');
}

/** Of a cluster that is there, who serves Ingresses is its owners' choice. */
export function ingressOf({ is, loadBalancers }: Config['cluster']): Pick<ClusterToSetUp, 'ingress'> {
  return is === 'new' ? { ingress: loadBalancers } : {};
}
