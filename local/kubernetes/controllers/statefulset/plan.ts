import { availableIn, isActive } from '../pods.ts';
import type { Pod } from '../types.ts';
import type { StatefulSet } from './controller.ts';

export const revisionLabel = 'controller-revision-hash';

export interface StatefulSetPlan {
  /** Numbers of pods to make. */
  create: number[];
  remove: Pod[];
}

/** The number in a pod's name; undefined for one that is not the set's. */
export function ordinalOf({ metadata }: StatefulSet, podName: string): number | undefined {
  const [, ordinal] = podName.startsWith(`${metadata.name}-`)
    ? (/^(\d+)$/.exec(podName.slice(metadata.name.length + 1)) ?? [])
    : [];
  return ordinal === undefined ? undefined : Number(ordinal);
}

/**
 * The next step: missing pods from the lowest number on, surplus and outdated ones from the highest on. With
 * `OrderedReady` each waits for the one before. Source: Kubernetes `stateful_set_control.go`.
 */
export function planStatefulSet(
  set: StatefulSet,
  pods: readonly Pod[],
  revision: string,
  now: Date,
): StatefulSetPlan {
  const { replicas = 1, podManagementPolicy, updateStrategy, minReadySeconds = 0, ordinals } = set.spec;
  const isOrdered = podManagementPolicy !== 'Parallel';
  const first = ordinals?.start ?? 0;
  const of = (pod: Pod) => ordinalOf(set, pod.metadata.name) ?? -1;
  const byOrdinal = new Map(pods.map((pod) => [of(pod), pod]));
  const isAvailable = (pod: Pod) => availableIn(pod, minReadySeconds, now) === 0;
  const isSurplus = (pod: Pod) => of(pod) < first || of(pod) >= first + replicas;
  const over = pods.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
  const create: number[] = [];
  for (let ordinal = first; ordinal < first + replicas; ordinal += 1) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) create.push(ordinal);
    if (isOrdered && (pod === undefined || !isActive(pod) || !isAvailable(pod)))
      return { create, remove: over.filter((each) => !each.metadata.deletionTimestamp) };
  }
  if (create.length > 0) return { create, remove: [] };
  const isGoing = pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (isGoing && isOrdered) return { create, remove: [] };
  const descending = pods.filter(isActive).sort((a, b) => of(b) - of(a));
  const surplus = descending.filter(isSurplus);
  if (surplus.length > 0) return { create, remove: isOrdered ? surplus.slice(0, 1) : surplus };
  if (updateStrategy?.type === 'OnDelete' || isGoing) return { create, remove: [] };
  const { partition = 0 } = updateStrategy?.rollingUpdate ?? {};
  const outdated = descending.filter(
    (pod) => of(pod) >= partition && pod.metadata.labels?.[revisionLabel] !== revision,
  );
  return { create, remove: outdated.slice(0, 1) };
}
