import type { Pod } from '../kube/wire.ts';
import type { Finding } from './verdict.ts';
import { currentReplicaSet, startOf, type View, warningsOf } from './view.ts';

/** Pods that the ReplicaSet is not allowed to create: a quota, an admission rule. */
export function creationFinding(view: View): Finding | undefined {
  const condition = currentReplicaSet(view)?.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  if (condition === undefined) return undefined;
  const message = condition.message ?? condition.reason ?? '';
  const text = message.replace(/^pods "[^"]*" is forbidden: /, '');
  // Of a ReplicaSet that is used again, it may be what happened last time.
  const recent = Date.parse(String(condition.lastTransitionTime ?? '')) >= startOf(view);
  // A webhook that does not answer may answer later.
  const final = recent && /forbidden|is invalid/.test(message) && !/failed calling webhook/.test(message);
  const reason = `the cluster refuses to create pods: ${text}`;
  return { weight: final ? 'final' : 'bearable', reason, blame: 'elsewhere' };
}

/** A pod that no node takes. New nodes may be on their way. */
export function schedulingFinding({ status }: Pod): Finding | undefined {
  const condition = status?.conditions?.find(
    ({ type, status: value, reason }) =>
      type === 'PodScheduled' && value === 'False' && reason === 'Unschedulable',
  );
  if (condition === undefined) return undefined;
  const reason = `no node takes the pod: ${condition.message ?? 'Unschedulable'}`;
  return { weight: 'bearable', reason, blame: 'elsewhere' };
}

/** A pod that is on a node and has not got as far as starting: volumes, network. */
export function preparationFinding(view: View, { metadata, status }: Pod): Finding | undefined {
  if (status?.phase !== 'Pending') return undefined;
  const event = warningsOf(view, metadata?.uid).findLast(({ reason }) =>
    ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox'].includes(reason ?? ''),
  );
  if (event === undefined) return undefined;
  return {
    weight: 'bearable',
    reason: `pod ${metadata?.name} cannot be prepared: ${event.message?.split('\n')[0]}`,
    blame: 'elsewhere',
  };
}

/** The name of the node that a pod is on, where the cluster has lost contact with it. */
export function lostNode({ spec, status }: Pod): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const lost =
    status?.reason === 'NodeLost' || ready?.reason === 'NodeStatusUnknown' || ready?.status === 'Unknown';
  return lost ? spec?.nodeName : undefined;
}
