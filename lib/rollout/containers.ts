import type { Pod } from '../kube/wire.ts';

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
