import type { KubernetesObject } from '../release/types.ts';

/** What decides which form of a resource a cluster understands. */
export interface ClusterFacts {
  /** 33 of Kubernetes 1.33. */
  minor: number;
  /** Whether it serves PodDisruptionBudget in policy/v1. */
  policyV1: boolean;
}

/** The first version whose kubelet knows the `sleep` action (KEP-3960, on by default). */
const SLEEP_SINCE = 30;

/**
 * `resource` as an older cluster takes it. A release says what newer ones take: server-side apply refuses an object
 * altogether for a field that it does not know.
 */
export function adapt(resource: KubernetesObject, { minor, policyV1 }: ClusterFacts): KubernetesObject {
  if (resource.kind === 'PodDisruptionBudget' && !policyV1)
    return { ...resource, apiVersion: 'policy/v1beta1' };
  if (resource.kind === 'Deployment' && minor < SLEEP_SINCE) return withoutSleep(resource);
  return resource;
}

interface PodTemplated {
  template: { spec: { containers: { lifecycle?: { preStop?: { sleep?: unknown } } }[] } };
}

function withoutSleep(deployment: KubernetesObject): KubernetesObject {
  const adapted = structuredClone(deployment);
  for (const container of (adapted.spec as PodTemplated).template.spec.containers)
    if (container.lifecycle?.preStop?.sleep !== undefined) delete container.lifecycle;
  return adapted;
}
