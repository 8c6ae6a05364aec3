import type { DEPLOYER_RULES } from '../../../lib/kube/permissions.ts';

export const GROUP = 'fairlead:deployers';

/** What the pipeline stack binds on EKS: the rules, and who has them. */
export function rights(group: string, rules: typeof DEPLOYER_RULES) {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: 'fairlead-deployer' };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }];
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion, kind: 'ClusterRole', metadata, rules },
      { apiVersion, kind: 'ClusterRoleBinding', metadata, roleRef, subjects },
    ],
  };
}
