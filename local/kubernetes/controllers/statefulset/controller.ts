import { type KubernetesObject, sameJson } from '../../object.ts';
import type { Store } from '../../store.ts';
import { claimAll } from '../claim.ts';
import { templateHash } from '../deployment/template.ts';
import { isSelected } from '../labels.ts';
import { availableIn, createPod, removePod } from '../pods.ts';
import type { LabelSelector, Pod, PodTemplate } from '../types.ts';
import { ordinalOf, planStatefulSet, revisionLabel } from './plan.ts';

/** Source: Kubernetes `apps/v1`. Volume claim templates are stored and not acted upon: there are no volumes to claim. */
export interface StatefulSet extends KubernetesObject {
  spec: {
    replicas?: number;
    selector: LabelSelector;
    template: PodTemplate;
    podManagementPolicy?: 'OrderedReady' | 'Parallel';
    updateStrategy?: { type?: 'RollingUpdate' | 'OnDelete'; rollingUpdate?: { partition?: number } };
    minReadySeconds?: number;
    ordinals?: { start?: number };
  };
  status?: StatefulSetStatus;
}

/** Counts that are 0 are left out, but for `replicas` and `availableReplicas`. */
export interface StatefulSetStatus {
  observedGeneration?: number;
  replicas: number;
  readyReplicas?: number;
  currentReplicas?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
  currentRevision?: string;
  updateRevision?: string;
  collisionCount?: number;
}

const component = 'statefulset-controller';

/**
 * Takes the next step of a StatefulSet: one pod after another, the highest number first when they are replaced.
 * @returns when to look again, in milliseconds, if nothing changes before
 * @throws what kept a pod from being created: it is tried again
 */
export function reconcileStatefulSet(store: Store, namespace: string, name: string): number | undefined {
  const set = store.get<StatefulSet>('StatefulSet', namespace, name);
  if (!set || set.metadata.deletionTimestamp) return undefined;
  const candidates = store.list<Pod>('Pod', { namespace }).items;
  const pods = claimAll(
    store,
    set,
    candidates,
    ({ metadata }) =>
      isSelected(metadata.labels, set.spec.selector) && ordinalOf(set, metadata.name) !== undefined,
  );
  const now = new Date();
  const revision = `${name}-${templateHash(set.spec.template)}`;
  const failure = act(store, set, pods, revision, now);
  const againMs = write(store, set, revision, now);
  if (failure) throw failure;
  return againMs;
}

function act(
  store: Store,
  set: StatefulSet,
  pods: readonly Pod[],
  revision: string,
  now: Date,
): Error | undefined {
  const plan = planStatefulSet(set, pods, revision, now);
  try {
    for (const ordinal of plan.create)
      createPod(store, set, templateOf(set, ordinal, revision), component, podName(set, ordinal));
    for (const pod of plan.remove) removePod(store, set, pod, component);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function podName({ metadata }: StatefulSet, ordinal: number): string {
  return `${metadata.name}-${ordinal}`;
}

function templateOf(set: StatefulSet, ordinal: number, revision: string): PodTemplate {
  const { metadata, spec } = set.spec.template;
  const labels = {
    ...metadata?.labels,
    [revisionLabel]: revision,
    'statefulset.kubernetes.io/pod-name': podName(set, ordinal),
    'apps.kubernetes.io/pod-index': String(ordinal),
  };
  return { metadata: { ...metadata, labels }, spec: { ...spec, hostname: podName(set, ordinal) } };
}

function write(store: Store, set: StatefulSet, revision: string, now: Date): number | undefined {
  const { namespace, name, generation } = set.metadata;
  const pods = store
    .list<Pod>('Pod', namespace === undefined ? {} : { namespace })
    .items.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid));
  const waits = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, now))
    .filter((wait) => wait !== undefined);
  const isUpdated = ({ metadata }: Pod) =>
    metadata.labels?.[revisionLabel] === revision && metadata.deletionTimestamp === undefined;
  const updated = pods.filter(isUpdated).length;
  const isDone = updated === pods.length && updated === (set.spec.replicas ?? 1);
  const currentRevision = isDone ? revision : (set.status?.currentRevision ?? revision);
  const counts = {
    readyReplicas: waits.length,
    currentReplicas: pods.filter(({ metadata }) => metadata.labels?.[revisionLabel] === currentRevision)
      .length,
    updatedReplicas: updated,
  };
  const status: StatefulSetStatus = {
    ...(generation !== undefined && { observedGeneration: generation }),
    replicas: pods.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    availableReplicas: waits.filter((wait) => wait === 0).length,
    currentRevision,
    updateRevision: revision,
    collisionCount: 0,
  };
  if (!sameJson(status, set.status))
    store.patchStatus<StatefulSet>('StatefulSet', namespace, name, (draft) => {
      draft.status = status;
    });
  const next = waits.filter((wait) => wait > 0);
  return next.length === 0 ? undefined : Math.min(...next);
}
