import { type KubernetesObject, sameJson } from '../../object.ts';
import type { Store } from '../../store.ts';
import { claimAll } from '../claim.ts';
import { templateHash } from '../deployment/template.ts';
import { isSelected } from '../labels.ts';
import { availableIn, createPod, isActive, removePod } from '../pods.ts';
import type { LabelSelector, Pod, PodTemplate } from '../types.ts';

/** Source: Kubernetes `apps/v1`. */
export interface DaemonSet extends KubernetesObject {
  spec: {
    selector: LabelSelector;
    template: PodTemplate;
    updateStrategy?: { type?: 'RollingUpdate' | 'OnDelete' };
    minReadySeconds?: number;
  };
  status?: DaemonSetStatus;
}

export interface DaemonSetStatus {
  currentNumberScheduled: number;
  numberMisscheduled: number;
  desiredNumberScheduled: number;
  numberReady: number;
  observedGeneration?: number;
  updatedNumberScheduled?: number;
  numberAvailable?: number;
  numberUnavailable?: number;
}

const component = 'daemonset-controller';
const revisionLabel = 'controller-revision-hash';

/**
 * Keeps one pod on every node that the template selects: here there is one node. An outdated pod goes before the new
 * one comes (`maxUnavailable: 1`, the default).
 * @returns when to look again, in milliseconds, if nothing changes before
 * @throws what kept a pod from being created: it is tried again
 */
export function reconcileDaemonSet(store: Store, namespace: string, name: string): number | undefined {
  const set = store.get<DaemonSet>('DaemonSet', namespace, name);
  if (!set || set.metadata.deletionTimestamp) return undefined;
  const candidates = store.list<Pod>('Pod', { namespace }).items;
  const pods = claimAll(store, set, candidates, ({ metadata }) =>
    isSelected(metadata.labels, set.spec.selector),
  );
  const revision = templateHash(set.spec.template);
  const wanted = isWanted(store, set) ? 1 : 0;
  let failure: Error | undefined;
  try {
    act(store, set, pods, revision, wanted);
  } catch (error) {
    failure = error as Error;
  }
  const againMs = write(store, set, revision, wanted);
  if (failure) throw failure;
  return againMs;
}

function isWanted(store: Store, { spec }: DaemonSet): boolean {
  const selector = Object.entries(spec.template.spec.nodeSelector ?? {});
  return store
    .list('Node')
    .items.some(({ metadata }) => selector.every(([key, value]) => metadata.labels?.[key] === value));
}

function act(store: Store, set: DaemonSet, pods: readonly Pod[], revision: string, wanted: number): void {
  const { metadata, spec } = set.spec.template;
  const active = pods.filter(isActive);
  const isOutdated = (pod: Pod) => pod.metadata.labels?.[revisionLabel] !== revision;
  const replaces = set.spec.updateStrategy?.type !== 'OnDelete';
  for (const [index, pod] of active.entries())
    if (index >= wanted || (replaces && isOutdated(pod))) removePod(store, set, pod, component);
  for (const pod of pods)
    if (!isActive(pod) && !pod.metadata.deletionTimestamp) removePod(store, set, pod, component);
  if (pods.length > 0 || wanted === 0) return;
  const labels = { ...metadata?.labels, [revisionLabel]: revision };
  createPod(store, set, { metadata: { ...metadata, labels }, spec }, component);
}

function write(store: Store, set: DaemonSet, revision: string, wanted: number): number | undefined {
  const { namespace, name, generation, uid } = set.metadata;
  const now = new Date();
  const pods = store
    .list<Pod>('Pod', namespace === undefined ? {} : { namespace })
    .items.filter((pod) => isActive(pod) && pod.metadata.ownerReferences?.some((owner) => owner.uid === uid));
  const waits = pods
    .map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, now))
    .filter((wait) => wait !== undefined);
  const available = waits.filter((wait) => wait === 0).length;
  const counts = {
    updatedNumberScheduled: pods.filter(({ metadata }) => metadata.labels?.[revisionLabel] === revision)
      .length,
    numberAvailable: available,
    numberUnavailable: wanted - available,
  };
  const status: DaemonSetStatus = {
    currentNumberScheduled: pods.length,
    numberMisscheduled: 0,
    desiredNumberScheduled: wanted,
    numberReady: waits.length,
    ...(generation !== undefined && { observedGeneration: generation }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
  };
  if (!sameJson(status, set.status))
    store.patchStatus<DaemonSet>('DaemonSet', namespace, name, (draft) => {
      draft.status = status;
    });
  const next = waits.filter((wait) => wait > 0);
  return next.length === 0 ? undefined : Math.min(...next);
}
