import { sameJson, timestamp } from '../../object.ts';
import type { Store } from '../../store.ts';
import { claimAll } from '../claim.ts';
import { isSelected } from '../labels.ts';
import { createPod, removePod } from '../pods.ts';
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
      for (let count = 0; count < plan.count; count += 1)
        pods.push(createPod(store, replicaSet, replicaSet.spec.template, component));
    if (plan.do === 'delete') for (const pod of plan.pods) removePod(store, replicaSet, pod, component);
  } catch (error) {
    failure = error as Error;
  }
  const againMs = write(store, replicaSet, pods, failure);
  if (failure) throw failure;
  return againMs;
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
