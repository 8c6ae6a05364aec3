import type { Pod } from '../kube/wire.ts';
import { crashFindings } from './crash.ts';
import { imageFindings } from './image-pull.ts';
import { currentPods, isReady, type View } from './view.ts';

/** A pod has got into a state that people want to see. */
export interface PodChange {
  pod: string;
  state: 'starting' | 'ready' | 'failing' | 'stopping';
  /** One line. */
  message: string;
}

/** The states that the pods of a rollout are in; of older pods, only that they stop. */
export function podStates(view: View): PodChange[] {
  const current = currentPods(view);
  const ready = current.filter(isReady);
  const wanted = view.deployment?.spec?.replicas ?? 1;
  const stopping = view.pods.filter(({ metadata }) => metadata?.deletionTimestamp !== undefined);
  return [
    ...current.filter((pod) => !isReady(pod)).map((pod) => unready(view, pod)),
    ...ready.map((pod) => change(pod, 'ready', `is ready, ${ready.length} of ${wanted}`)),
    ...stopping.map((pod) => change(pod, 'stopping', 'is stopping')),
  ];
}

function unready(view: View, pod: Pod): PodChange {
  const [finding] = [...imageFindings(view, pod), ...crashFindings(view, pod)];
  return finding === undefined
    ? change(pod, 'starting', 'is starting')
    : change(pod, 'failing', `is failing: ${finding.reason}`);
}

function change({ metadata }: Pod, state: PodChange['state'], what: string): PodChange {
  const pod = metadata?.name ?? '';
  return { pod, state, message: `pod ${pod} ${what}` };
}
