import type { Kube } from '../kube/client.ts';
import { tailOf } from '../kube/logs.ts';
import type { Release } from '../release/types.ts';
import { type Followable, type Followed, follow, needed, workloadViews } from './follow.ts';
import { patienceEnds } from './patience.ts';
import { type PodChange, podStates } from './pods.ts';
import { status } from './status.ts';
import { type Look, until, type Watching } from './until.ts';
import type { Verdict } from './verdict.ts';
import { logKey, partsOf, type View } from './view.ts';

/** What to observe, for how long, and who wants to hear of it. */
export interface Observation extends Watching {
  release: Release;
  /** The workloads that have to become ready, and their resources as they were applied. */
  phase: Followable;
  /** Each state of each pod, once. */
  onPod(change: PodChange): void;
}

/** Lines that are read of a log: what a program died of stands above its stack. */
export const TAIL_LINES = 100;

/**
 * Follows a phase's rollout until there is a verdict; `progressing` where there is none within the budget.
 * @throws KubeError where the cluster cannot be read
 */
export async function observe(kube: Kube, observation: Observation): Promise<Verdict> {
  const { release, phase } = observation;
  const told = new Set<string>();
  const logs = new Map<string, string[]>();
  return until<Verdict>(observation, (follower) => {
    const followed = follow(kube, release, phase, follower);
    return {
      needs: needed(followed),
      look: () => lookAt(kube, viewOf(observation, followed, logs), { told, logs, onPod: observation.onPod }),
    };
  });
}

interface Memory extends Pick<Observation, 'onPod'> {
  told: Set<string>;
  logs: Map<string, string[]>;
}

async function lookAt(kube: Kube, view: View, memory: Memory): Promise<Look<Verdict>> {
  tellPods(view, memory);
  const verdict = await withEvidence(kube, view, memory.logs);
  return { verdict, isOver: verdict.state !== 'progressing', next: nextLook(view) };
}

function viewOf({ release, phase, fence }: Observation, followed: Followed, logs: View['logs']): View {
  return {
    release,
    fence,
    workloads: workloadViews(phase, followed),
    pods: [...followed.pods.items.values()],
    events: [...followed.warnings.items.values(), ...followed.notes.items.values()],
    logs,
    now: new Date(),
  };
}

/** A failure is judged again with the log that would tell more. */
async function withEvidence(kube: Kube, view: View, logs: Map<string, string[]>): Promise<Verdict> {
  const verdict = status(view);
  if (verdict.state !== 'failed' || verdict.evidence === undefined) return verdict;
  logs.set(logKey(verdict.evidence), await tailOf(kube, verdict.evidence, TAIL_LINES));
  return status(view);
}

function tellPods(view: View, { told, onPod }: Memory): void {
  for (const change of podStates(view)) {
    const key = `${change.pod} ${change.state}`;
    if (!told.has(key)) onPod(change);
    told.add(key);
  }
}

/** When the verdict may change without any news: when patience ends. */
function nextLook(view: View): number {
  const ends = partsOf(view).map(patienceEnds);
  return Math.min(...ends.filter((end) => end > Date.now()), Number.POSITIVE_INFINITY);
}
