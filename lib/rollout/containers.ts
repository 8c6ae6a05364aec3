import type { Pod } from '../kube/wire.ts';
import { msOf } from './view.ts';

/** What the kubelet says of one container of a pod. */
export type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
export type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** Every container of a pod, those that run before the others first. */
export function containersOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

/** The last time that a container ended, where it has. */
export function lastEnd({ state, lastState }: ContainerStatus): Terminated | undefined {
  return state?.terminated ?? lastState?.terminated;
}

/** How often a container has ended in the life of its pod. */
export function ends({ restartCount, state }: ContainerStatus): number {
  return restartCount + (state?.terminated === undefined ? 0 : 1);
}

/**
 * How often a container has ended since then, in milliseconds since the epoch, as far as its pod tells: of a pod that is
 * older, it says how often in all, and when only of the last two.
 */
export function endsSince({ metadata }: Pod, container: ContainerStatus, since: number): number {
  if (msOf(metadata?.creationTimestamp) >= since) return ends(container);
  const { state, lastState } = container;
  return [state?.terminated, lastState?.terminated].filter((end) => end && msOf(end.finishedAt) >= since)
    .length;
}
