import type { KubernetesObject } from '../release/types.ts';
import { podSpecOf } from './pod-spec.ts';

/** Versions of an API that differ in their name only for what a release says, newest first. */
const SAME: readonly { kind: string; versions: readonly string[] }[] = [
  { kind: 'PodDisruptionBudget', versions: ['policy/v1', 'policy/v1beta1'] },
  { kind: 'HorizontalPodAutoscaler', versions: ['autoscaling/v2', 'autoscaling/v2beta2'] },
  { kind: 'CronJob', versions: ['batch/v1', 'batch/v1beta1'] },
];

/** The API versions that would do for a resource: its own first, then others from the newest to the oldest. */
export function versionsFor({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string[] {
  const same = SAME.find((entry) => entry.kind === kind && entry.versions.includes(apiVersion));
  return [...new Set([apiVersion, ...(same?.versions ?? [])])];
}

/** The first version whose kubelet knows the `sleep` action (KEP-3960, on by default). */
const SLEEP_SINCE = 30;

/**
 * `resource` as a cluster takes it that serves it as `apiVersion` and is of Kubernetes 1.`minor`. A release says what
 * newer ones take: server-side apply refuses an object altogether for a field that it does not know.
 */
export function adapt(
  resource: KubernetesObject,
  { apiVersion, minor }: { apiVersion: string; minor: number },
): KubernetesObject {
  const served = resource.apiVersion === apiVersion ? resource : { ...resource, apiVersion };
  return minor < SLEEP_SINCE ? withoutSleep(served) : served;
}

interface Container {
  lifecycle?: { preStop?: { sleep?: unknown } };
}

function withoutSleep(resource: KubernetesObject): KubernetesObject {
  if (!containersOf(resource).some(sleeps)) return resource;
  const adapted = structuredClone(resource);
  for (const container of containersOf(adapted)) {
    if (!sleeps(container)) continue;
    delete container.lifecycle?.preStop;
    if (Object.keys(container.lifecycle ?? {}).length === 0) delete container.lifecycle;
  }
  return adapted;
}

function containersOf(resource: KubernetesObject): Container[] {
  return (podSpecOf(resource)?.containers ?? []) as Container[];
}

function sleeps({ lifecycle }: Container): boolean {
  return lifecycle?.preStop?.sleep !== undefined;
}
