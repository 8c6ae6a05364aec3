import type { KubernetesObject } from '../release/types.ts';

/** What others refer to comes before them; kinds that are not listed come with what they may configure, before pods. */
const FIRST = [
  'ResourceQuota',
  'LimitRange',
  'NetworkPolicy',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
];
const LAST = [
  'Service',
  'PodDisruptionBudget',
  'DaemonSet',
  'StatefulSet',
  'Deployment',
  'CronJob',
  'HorizontalPodAutoscaler',
  'Ingress',
];

/** The objects in the order in which they are applied; those of one kind stay in theirs. */
export function ordered(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return [...objects].sort((a, b) => rank(a) - rank(b));
}

function rank({ kind }: KubernetesObject): number {
  const first = FIRST.indexOf(kind);
  if (first !== -1) return first;
  const last = LAST.indexOf(kind);
  return last === -1 ? FIRST.length : FIRST.length + 1 + last;
}
