import { RELEASE } from './labels.ts';
import type { KubernetesObject, Release } from './types.ts';

/**
 * A new release with the content of `good`. Its pods are as those of `good` to the letter, so the cluster goes back
 * to the ReplicaSet that it still has of them.
 */
export function rollbackTo(good: Release, number: number, createdAt: Date): Release {
  return {
    ...good,
    number,
    createdAt: createdAt.toISOString(),
    resources: good.resources.map((resource) => renumbered(resource, number)),
  };
}

function renumbered(resource: KubernetesObject, number: number): KubernetesObject {
  const annotations = { ...resource.metadata.annotations, [RELEASE]: String(number) };
  return { ...resource, metadata: { ...resource.metadata, annotations } };
}
