import { sameJson, timestamp } from '../../object.ts';
import type { Store } from '../../store.ts';
import { claimAll } from '../claim.ts';
import { isSelected } from '../labels.ts';
import { controllerReference } from '../owners.ts';
import type { Condition, Pod, ReplicaSet } from '../types.ts';
import { planReplicaSet } from './plan.ts';
import { replicaSetStatus } from './status.ts';

const component = 'replicaset-controller';

/**
 * Creates or deletes pods of a ReplicaSet and writes its status.
 * @returns when to look again, in milliseconds, if nothing changes before
 * @throws what kept a pod from being created: it is tried again
 */
export function reconcileReplicaSet(store: Store, namespace: string, name: string): number | undefined {
  const replicaSet = store.get<ReplicaSet>('ReplicaSet', namespace, name);
  if (!replicaSet) return undefined;
  const candidates = store.list<Pod>('Pod', { namespace }).items;
  const pods = claimAll(store, replicaSet, candidates, ({ metadata }) =>
    isSelected(metadata.labels, replicaSet.spec.selector),
  );
  const plan = planReplicaSet(replicaSet, pods);
  let failure: Error | undefined;
  try {
    if (plan.do === 'create')
      for (let count = 0; count < plan.count; count += 1) pods.push(create(store, replicaSet));
    if (plan.do === 'delete') for (const pod of plan.pods) remove(store, replicaSet, pod);
  } catch (error) {
    failure = error as Error;
    if (plan.do === 'create')
      store.recordEvent(
        replicaSet,
        'Warning',
        'FailedCreate',
        `Error creating: ${failure.message}`,
        component,
      );
  }
  const againMs = write(store, replicaSet, pods, failure);
  if (failure) throw failure;
  return againMs;
}

function create(store: Store, replicaSet: ReplicaSet): Pod {
  const { namespace, name } = replicaSet.metadata;
  const { metadata, spec } = replicaSet.spec.template;
  const pod = store.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      ownerReferences: [controllerReference(replicaSet)],
    },
    spec,
  }) as Pod;
  store.recordEvent(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, component);
  return pod;
}

function remove(store: Store, replicaSet: ReplicaSet, { metadata: { namespace, name } }: Pod): void {
  store.delete('Pod', namespace, name);
  store.recordEvent(replicaSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`, component);
}

function write(
  store: Store,
  replicaSet: ReplicaSet,
  pods: Pod[],
  failure: Error | undefined,
): number | undefined {
  const { namespace, name } = replicaSet.metadata;
  const now = new Date();
  const condition: Condition | undefined = failure && {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: failure.message,
    lastTransitionTime: replicaSet.status?.conditions?.[0]?.lastTransitionTime ?? timestamp(now),
  };
  const newest = pods
    .map((pod) => store.get<Pod>('Pod', namespace, pod.metadata.name))
    .filter((pod) => pod !== undefined);
  const { status, againMs } = replicaSetStatus(replicaSet, newest, condition, now);
  if (!sameJson(status, replicaSet.status))
    store.patchStatus<ReplicaSet>('ReplicaSet', namespace, name, (draft) => {
      draft.status = status;
    });
  return againMs;
}
