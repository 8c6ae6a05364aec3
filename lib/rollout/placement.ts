import type { Pod } from '../kube/wire.ts';
import { wereLeaving } from './leaving.ts';
import type { Finding } from './verdict.ts';
import { eventsOf, type Facts, msOf, type Part, startOf, timeOf, warningsOf } from './view.ts';
import { currentReplicaSet, isObserved, isTakenUp } from './workload.ts';

/** Pods that a workload is not allowed to create: a quota, an admission rule. */
export function creationFinding(part: Part): Finding | undefined {
  const refusal = refusalOf(part);
  if (refusal === undefined) return undefined;
  // Of a workload that is used again, it may be what happened last time.
  return refusal.since < startOf(part)
    ? { ...creationRefused(part, refusal), weight: 'bearable' }
    : creationRefused(part, refusal);
}

/** What the cluster has said, and when it did so last, in milliseconds since the epoch. */
interface Refusal {
  message: string;
  at: number;
}

/** That a pod could not be created, by something that began to be so after its release did. */
export function creationRefused(facts: Facts, { message, at }: Refusal): Finding {
  const text = message
    .replace(/^(Error creating: |create Pod \S+ in StatefulSet \S+ failed error: )/, '')
    .replace(/^pods "[^"]*" is forbidden: /, '');
  // A webhook that does not answer may answer later; an account may be made a moment after its namespace, and a new quota
  // is counted a moment after it is made.
  const passing = /failed calling webhook|error looking up service account|status unknown for quota/;
  const exceeds = /exceeded quota/.test(message);
  const heals = passing.test(message) || (exceeds && wereLeaving(facts, at));
  const final = /forbidden|is invalid|denied the request/.test(message) && !heals;
  const reason = `the cluster refuses to create pods: ${text}${exceeds ? ROOM : ''}`;
  return { weight: final ? 'final' : 'bearable', reason, blame: 'elsewhere' };
}

/** The pods that serve stay until new ones do (`maxUnavailable: 0`): a quota of just the app's pods lets no update through. */
const ROOM =
  '; an update takes more pods than the app has for a while: raise the quota, or lower replicas or resources.requests';

function refusalOf(part: Part): (Refusal & { since: number }) | undefined {
  const { workload } = part;
  if (workload.kind === 'Deployment') {
    const set = currentReplicaSet(workload);
    // Of a ReplicaSet that is used again it says what became of the numbers before, until its controller has seen the new ones.
    if (set === undefined || !isObserved(workload) || !isTakenUp(set)) return undefined;
    const condition = set.status?.conditions?.find(
      ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
    );
    if (condition === undefined) return undefined;
    const since = msOf(condition.lastTransitionTime);
    const told = eventsOf(part, set.metadata?.uid).findLast(({ reason }) => reason === 'FailedCreate');
    const at = Math.max(since, told === undefined ? 0 : timeOf(told));
    return { message: condition.message ?? condition.reason ?? '', at, since };
  }
  // The other kinds have no such condition, and tell of it in events.
  const told = eventsOf(part, workload.live?.metadata?.uid).findLast(({ reason }) =>
    ['FailedCreate', 'SuccessfulCreate'].includes(reason ?? ''),
  );
  if (told?.reason !== 'FailedCreate') return undefined;
  return { message: told.message ?? '', at: timeOf(told), since: timeOf(told) };
}

/** A pod that no node takes. New nodes may be on their way. */
export function schedulingFinding(facts: Facts, pod: Pod): Finding | undefined {
  const condition = unschedulable(pod);
  if (condition === undefined) return undefined;
  const told = autoscaling(facts, pod)?.message;
  const more = told === undefined ? '' : `; ${told}`;
  const reason = `no node takes the pod: ${condition.message ?? 'Unschedulable'}${more}`;
  return { weight: 'bearable', reason, blame: 'elsewhere' };
}

/** When, in milliseconds since the epoch, a node was asked for that the pod waits for; undefined where none was. */
export function comingNode(facts: Facts, pod: Pod): number | undefined {
  if (unschedulable(pod) === undefined) return undefined;
  const told = autoscaling(facts, pod);
  return told !== undefined && told.reason !== 'NotTriggerScaleUp' ? timeOf(told) : undefined;
}

function unschedulable({ status }: Pod) {
  return status?.conditions?.find(
    ({ type, status: value, reason }) =>
      type === 'PodScheduled' && value === 'False' && reason === 'Unschedulable',
  );
}

/** What those who add nodes have said of a pod last: the cluster autoscaler, or Karpenter (`Nominated`). */
function autoscaling(facts: Facts, { metadata }: Pod) {
  return eventsOf(facts, metadata?.uid).findLast(({ reason }) =>
    ['TriggeredScaleUp', 'NotTriggerScaleUp', 'Nominated'].includes(reason ?? ''),
  );
}

const UNPREPARED = ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox'];

/** A pod that is on a node and has not got as far as starting: volumes, network, an image that takes its time. */
export function preparationFinding(facts: Facts, pod: Pod): Finding | undefined {
  const { metadata, status } = pod;
  if (status?.phase !== 'Pending') return undefined;
  const event = warningsOf(facts, metadata?.uid).findLast(({ reason }) => UNPREPARED.includes(reason ?? ''));
  if (event === undefined) return pullFinding(facts, pod);
  return {
    weight: 'bearable',
    reason: `pod ${metadata?.name} cannot be prepared: ${event.message?.split('\n')[0]}`,
    blame: 'elsewhere',
  };
}

function pullFinding(facts: Facts, { metadata }: Pod): Finding | undefined {
  const last = eventsOf(facts, metadata?.uid).findLast(({ reason }) =>
    ['Pulling', 'Pulled', 'Failed'].includes(reason ?? ''),
  );
  if (last?.reason !== 'Pulling') return undefined;
  const seconds = Math.round((facts.now.getTime() - timeOf(last)) / 1000);
  const image = /image "([^"]+)"/.exec(last.message ?? '')?.[1] ?? '';
  return {
    weight: 'bearable',
    reason: `image ${image} is still being pulled after ${seconds} s`,
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
