import type { RestartLook } from '../bake/types.ts';
import type { Kube } from '../kube/client.ts';
import { tailOf } from '../kube/logs.ts';
import type { Pod } from '../kube/wire.ts';
import { identity, PROCESS } from '../release/labels.ts';
import { workloadsOf } from '../release/phases.ts';
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
  const path = `/api/v1/namespaces/${release.namespace}/pods`;
  const { items } = await kube.get<{ items: Pod[] }>(path, { labelSelector: PROCESS });
  const found = items
    .filter((pod) => isPodOf(pod, release) && !isLeaving(pod) && pod.spec?.restartPolicy === 'Always')
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

interface Selecting {
  selector?: { matchLabels?: Record<string, string> };
}

/**
 * Whether a pod is of a release's app: by its identity, or because one of the release's workloads selects it. Pods of the
 * user's own manifests keep the labels that they are selected by, where these have the same keys.
 */
function isPodOf({ metadata }: Pod, { app, environment, resources }: Release): boolean {
  const selectors = workloadsOf(resources).map(({ kind, name }) => {
    const resource = resources.find((one) => one.kind === kind && one.metadata.name === name);
    return (resource?.spec as Selecting | undefined)?.selector?.matchLabels ?? {};
  });
  return [identity(app, environment), ...selectors.filter((labels) => Object.keys(labels).length > 0)].some(
    (labels) => Object.entries(labels).every(([key, value]) => metadata?.labels?.[key] === value),
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
