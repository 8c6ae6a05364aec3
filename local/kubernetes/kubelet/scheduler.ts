import { timestamp } from '../object.ts';
import type { Store } from '../store.ts';
import { type NodeObject, nodeName } from './node.ts';
import { planPlacement } from './schedule.ts';
import type { Pod } from './types.ts';

/** Puts every new pod on the node, or says why not and tries again when another pod is gone. */
export function startScheduler(store: Store): () => void {
  const { items, resourceVersion } = store.list<Pod>('Pod');
  for (const pod of items) schedule(store, pod);
  return store.watch<Pod>('Pod', resourceVersion, ({ type, object }) => {
    if (type === 'ADDED') schedule(store, object);
    if (type === 'DELETED') for (const pod of store.list<Pod>('Pod').items) schedule(store, pod);
  });
}

function schedule(store: Store, { metadata: { namespace, name, uid } }: Pod): void {
  const pod = store.get<Pod>('Pod', namespace, name);
  const node = store.get<NodeObject>('Node', undefined, nodeName);
  const isWaiting = pod?.metadata.uid === uid && !pod.spec.nodeName && !pod.metadata.deletionTimestamp;
  if (!isWaiting || !node) return;
  const others = store.list<Pod>('Pod').items.filter(({ spec }) => spec.nodeName === nodeName);
  const placement = planPlacement(pod, node, others);
  if (placement.do === 'bind') {
    store.update<Pod>({ ...pod, spec: { ...pod.spec, nodeName } });
    const who = `${pod.metadata.namespace}/${name}`;
    store.recordEvent(
      pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${who} to ${nodeName}`,
      'default-scheduler',
    );
    return;
  }
  const { message } = placement;
  store.recordEvent(pod, 'Warning', 'FailedScheduling', message, 'default-scheduler');
  store.patchStatus<Pod>('Pod', namespace, name, (draft) => {
    const lastTransitionTime =
      draft.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime ??
      timestamp(new Date());
    const condition = { type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message };
    draft.status = { ...draft.status, phase: 'Pending', conditions: [{ ...condition, lastTransitionTime }] };
  });
}
