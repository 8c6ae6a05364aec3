import type { Pod } from '../kube/wire.ts';
import { crashFindings } from './crash.ts';
import { imageFindings } from './image-pull.ts';
import { type Facts, isReady, type Part, partsOf, startOf, type View } from './view.ts';
import { currentPods, wantedOf } from './workload.ts';

/** A pod has got into a state that people want to see. */
export interface PodChange {
  pod: string;
  state: 'starting' | 'ready' | 'failing' | 'stopping';
  /** One line. */
  message: string;
}

/** What the pods of a rollout have come to since it began; of older pods, only that they stop. */
export function podStates(view: View): PodChange[] {
  const since = startOf(view);
  const stopping = view.pods.filter((pod) => stoppedAt(pod) >= since);
  return [
    ...partsOf(view).flatMap((part) => currentStates(part, since)),
    ...stopping.map((pod) => change(pod, 'stopping', 'is stopping')),
  ];
}

function currentStates(part: Part, since: number): PodChange[] {
  const current = currentPods(part);
  const ready = current.filter(isReady);
  return [
    ...current.filter((pod) => !isReady(pod)).map((pod) => unready(part, pod)),
    ...ready
      .filter((pod) => readyAt(pod) >= since)
      .map((pod) => change(pod, 'ready', `is ready, ${ready.length} of ${wantedOf(part.workload)}`)),
  ];
}

/** When the pod was told to go; -Infinity for one that was not. Its deletionTimestamp is when its grace ends. */
function stoppedAt({ metadata }: Pod): number {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata ?? {};
  if (deletionTimestamp === undefined) return Number.NEGATIVE_INFINITY;
  return Date.parse(String(deletionTimestamp)) - deletionGracePeriodSeconds * 1000;
}

/** When the pod became ready; Infinity where the cluster does not say. */
function readyAt({ status }: Pod): number {
  const at = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  return at === undefined ? Number.POSITIVE_INFINITY : Date.parse(String(at));
}

function unready(facts: Facts, pod: Pod): PodChange {
  const [finding] = [...imageFindings(facts, pod), ...crashFindings(facts, pod)];
  return finding === undefined
    ? change(pod, 'starting', 'is starting')
    : change(pod, 'failing', `is failing: ${finding.reason}`);
}

function change({ metadata }: Pod, state: PodChange['state'], what: string): PodChange {
  const pod = metadata?.name ?? '';
  return { pod, state, message: `pod ${pod} ${what}` };
}
