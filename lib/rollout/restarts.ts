import type { RestartLook } from '../bake/types.ts';
import type { Kube } from '../kube/client.ts';
import { tailOf } from '../kube/logs.ts';
import type { Pod } from '../kube/wire.ts';
import { identity } from '../release/labels.ts';
import type { Release } from '../release/types.ts';
import { type ContainerStatus, containersOf, ends, lastEnd } from './containers.ts';
import { crashReason, runThatEnded } from './crash.ts';
import { TAIL_LINES } from './observe.ts';
import { type Facts, isLeaving, logKey, msOf } from './view.ts';

/**
 * Containers of a release's app that have ended since then, with the reason that a rollout would give. Pods that are
 * told to go do not count.
 * @throws KubeError where the cluster cannot be read
 */
export async function restartsSince(kube: Kube, release: Release, since: Date): Promise<RestartLook[]> {
  const labels = Object.entries(identity(release.app, release.environment));
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',');
  const path = `/api/v1/namespaces/${release.namespace}/pods`;
  const { items } = await kube.get<{ items: Pod[] }>(path, { labelSelector });
  const found = items
    .filter((pod) => !isLeaving(pod) && pod.spec?.restartPolicy === 'Always')
    .flatMap((pod) => containersOf(pod).map((container) => ({ pod, container })))
    .filter(({ pod, container }) => countSince(pod, container, release, since) > 0);
  return Promise.all(
    found.map(async ({ pod, container }) => ({
      pod: pod.metadata?.name ?? '',
      container: container.name,
      count: countSince(pod, container, release, since),
      reason: await reasonOf(kube, release, pod, container),
    })),
  );
}

/**
 * How often a container has ended since then. A pod says how often in all, and when last; of a pod that is older,
 * one end may have been before, as a rollout bears it.
 */
export function countSince(pod: Pod, container: ContainerStatus, release: Release, since: Date): number {
  const end = lastEnd(container);
  if (end === undefined || msOf(end.finishedAt) < Math.floor(since.getTime() / 1000) * 1000) return 0;
  // An init container that has done its work has not been restarted.
  if (container.ready && container.state?.terminated !== undefined) return 0;
  const born = msOf(pod.metadata?.creationTimestamp);
  if (born >= since.getTime()) return ends(container);
  const isOfRelease = born >= Math.floor(Date.parse(release.createdAt) / 1000) * 1000;
  return isOfRelease ? Math.max(1, ends(container) - 1) : 1;
}

async function reasonOf(kube: Kube, release: Release, pod: Pod, container: ContainerStatus): Promise<string> {
  const end = lastEnd(container);
  if (end === undefined) return '';
  const evidence = runThatEnded(pod, container);
  const logs = new Map([[logKey(evidence), await tailOf(kube, evidence, TAIL_LINES)]]);
  const facts: Facts = { release, fence: 0, pods: [], events: [], logs, now: new Date() };
  return crashReason(facts, pod, container, end);
}
