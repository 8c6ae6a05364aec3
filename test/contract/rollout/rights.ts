import type { DEPLOYER_RULES } from '../../../lib/kube/permissions.ts';

export const GROUP = 'fairlead:deployers';

/**
 * What the pipeline stack binds on EKS: the rules, and who has them. Under a name of these tests' own as well: whoever
 * runs the pipeline against the same cluster takes the other one away when it ends.
 */
export function rights(group: string, rules: typeof DEPLOYER_RULES) {
  const names = ['fairlead-deployer', 'fairlead-contract-deployer'];
  return { apiVersion: 'v1', kind: 'List', items: names.flatMap((name) => bound(name, group, rules)) };
}

function bound(name: string, group: string, rules: typeof DEPLOYER_RULES) {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }];
  return [
    { apiVersion, kind: 'ClusterRole', metadata, rules },
    { apiVersion, kind: 'ClusterRoleBinding', metadata, roleRef, subjects },
  ];
}
