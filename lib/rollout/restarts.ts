import { setTimeout as sleep } from 'node:timers/promises';
import type { RestartLook } from '../bake/types.ts';
import type { Kube } from '../kube/client.ts';
import { tailOf } from '../kube/logs.ts';
import type { Pod } from '../kube/wire.ts';
import { PROCESS } from '../release/labels.ts';
import { phasesOf, workloadsOf } from '../release/phases.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import { type ContainerStatus, containersOf, ends, lastEnd } from './containers.ts';
import { crashReason, runThatEnded } from './crash.ts';
import { TAIL_LINES } from './observe.ts';
import { type Facts, isLeaving, logKey, msOf } from './view.ts';

/** ms that a log may take: a node that is gone does not give it, and what it would say is only evidence. */
const LOG_TIMEOUT = 8_000;
/** Containers whose logs are read; the others tell how they ended. */
const MOST_LOGS = 10;

/**
 * Containers of a release's phase that have ended since then, with the reason that a rollout would give. Pods that are
 * told to go do not count.
 * @throws KubeError where the cluster cannot be read
 */
export async function restartsSince(
  kube: Kube,
  release: Release,
  { since, phase }: { since: Date; phase: number },
): Promise<RestartLook[]> {
  const path = `/api/v1/namespaces/${release.namespace}/pods`;
  const { items } = await kube.get<{ items: Pod[] }>(path, { labelSelector: PROCESS });
  const selectors = selectorsOf(phasesOf(release)[phase]?.resources ?? release.resources);
  const found = items
    .filter((pod) => isSelected(pod, selectors) && !isLeaving(pod) && pod.spec?.restartPolicy === 'Always')
    .flatMap((pod) => containersOf(pod).map((container) => ({ pod, container })))
    .filter(({ pod, container }) => countSince(pod, container, release, since) > 0);
  return Promise.all(
    found.map(async ({ pod, container }, index) => ({
      pod: pod.metadata?.name ?? '',
      container: container.name,
      count: countSince(pod, container, release, since),
      reason: await reasonOf(index < MOST_LOGS ? kube : undefined, release, pod, container),
    })),
  );
}

interface Selecting {
  selector?: { matchLabels?: Record<string, string> };
}

/**
 * What selects the pods of the workloads among `resources`. Not all pods of the app are meant: those of the release before
 * run beside them while a canary or another color is watched, and what is wrong with them is not this one's fault.
 */
function selectorsOf(resources: readonly KubernetesObject[]): Record<string, string>[] {
  return workloadsOf(resources).flatMap(({ kind, name }) => {
    const resource = resources.find((one) => one.kind === kind && one.metadata.name === name);
    const labels = (resource?.spec as Selecting | undefined)?.selector?.matchLabels ?? {};
    return Object.keys(labels).length > 0 ? [labels] : [];
  });
}

function isSelected({ metadata }: Pod, selectors: readonly Record<string, string>[]): boolean {
  return selectors.some((labels) =>
    Object.entries(labels).every(([key, value]) => metadata?.labels?.[key] === value),
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

async function reasonOf(
  kube: Kube | undefined,
  release: Release,
  pod: Pod,
  container: ContainerStatus,
): Promise<string> {
  const end = lastEnd(container);
  if (end === undefined) return '';
  const evidence = runThatEnded(pod, container);
  const late = sleep(LOG_TIMEOUT, [], { ref: false });
  const log = kube && (await Promise.race([tailOf(kube, evidence, TAIL_LINES), late]));
  const logs = new Map([[logKey(evidence), log ?? []]]);
  const facts: Facts = { release, fence: 0, pods: [], events: [], logs, now: new Date() };
  return crashReason(facts, pod, container, end);
}
