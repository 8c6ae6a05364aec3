import type { Count, KubernetesObject, Phase } from './types.ts';

/** The Deployments whose number of pods has to be looked at before `phase` is applied. */
export function deploymentsThatCount({ counts = [] }: Phase): string[] {
  return [...new Set(counts.map(({ by }) => by))].sort();
}

/**
 * The resources of `phase` as they have to be applied where Deployments have as many pods as `present` says, by name;
 * one that is not there has none. What a Deployment says itself is the least that it gets.
 */
export function withCounts(phase: Phase, present: ReadonlyMap<string, number>): KubernetesObject[] {
  return phase.resources.map((resource) => {
    const counts = (phase.counts ?? []).filter(({ deployment }) => deployment === resource.metadata.name);
    if (resource.kind !== 'Deployment' || counts.length === 0) return resource;
    const spec = resource.spec as { replicas?: number };
    const replicas = Math.max(spec.replicas ?? 1, ...counts.map((count) => wanted(count, present)));
    return { ...resource, spec: { ...spec, replicas } };
  });
}

function wanted(
  { by, times, atMost = Number.POSITIVE_INFINITY }: Count,
  present: ReadonlyMap<string, number>,
): number {
  // 8 pods and 10 % beside them make 8 * 10 / 90; a fraction that rounding errors add is no pod.
  return Math.min(atMost, Math.ceil((present.get(by) ?? 0) * times - 1e-9));
}
