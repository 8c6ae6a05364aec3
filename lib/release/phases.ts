import type { KubernetesObject, Phase, Release, Workload } from './types.ts';

/** What a release is brought out in, one part after another. Pure: the same release has the same phases. */
export function phasesOf(release: Release): Phase[] {
  const { resources, bake } = release;
  return [
    { name: 'all', resources, workloads: workloadsOf(resources), bakeSeconds: bake.seconds, prune: true },
  ];
}

/** What runs pods among `resources`. */
export function workloadsOf(resources: readonly KubernetesObject[]): Workload[] {
  return resources.flatMap(({ kind, metadata: { name } }) => (isWorkload(kind) ? [{ kind, name }] : []));
}

function isWorkload(kind: string): kind is Workload['kind'] {
  return kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet';
}
