import { type Deployers, deployerRights } from '../../../lib/kube/permissions.ts';

export const GROUP = 'fairlead:deployers';

/** Under a name of these tests' own: whoever runs the pipeline against the same cluster replaces the usual ones. */
const NAME = 'fairlead-contract-rights';

export function deployersOf(group: string): Deployers {
  return { group, clusterRole: `${NAME}-app` };
}

/** What the cluster stack binds on EKS, for kubectl. */
export function rights(deployers: Deployers) {
  const { everywhere, inApps } = deployerRights(deployers);
  const apiGroup = 'rbac.authorization.k8s.io';
  const apiVersion = `${apiGroup}/v1`;
  const kind = 'ClusterRole';
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion, kind, metadata: { name: NAME }, rules: everywhere },
      { apiVersion, kind, metadata: { name: inApps.clusterRole }, rules: inApps.rules },
      {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata: { name: NAME },
        roleRef: { apiGroup, kind, name: NAME },
        subjects: [{ apiGroup, kind: 'Group', name: deployers.group }],
      },
    ],
  };
}
