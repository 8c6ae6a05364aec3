import type { Kube } from '../kube/client.ts';
import { tailOf } from '../kube/logs.ts';
import type { Release } from '../release/types.ts';
import { type Followed, follow, isSynced } from './follow.ts';
import { patienceEnds } from './patience.ts';
import { type PodChange, podStates } from './pods.ts';
import { status } from './status.ts';
import type { Verdict } from './verdict.ts';
import { logKey, type View } from './view.ts';

/** What to observe, for how long, and who wants to hear of it. */
export interface Observation {
  release: Release;
  fence: number;
  /** Milliseconds; without a verdict by then, the answer is `progressing`. */
  budget: number;
  /** Each state of each pod, once. */
  onPod(change: PodChange): void;
  /** The fence of the newest claim, as far as it is known outside the cluster: it may be waiting for this rollout. */
  newestFence?(): Promise<number | undefined>;
}

/** Milliseconds between two questions for the newest claim. A rollout that is quicker than that asks none. */
const ASK_EVERY = 2000;

const TAIL_LINES = 20;

/**
 * Follows a rollout until there is a verdict. It looks again whenever the cluster says that something has changed,
 * and when patience ends.
 * @throws KubeError where the cluster cannot be read
 */
export async function observe(kube: Kube, observation: Observation): Promise<Verdict> {
  const ended = new AbortController();
  const news = new News();
  const broken = (error: unknown) => news.fail(error);
  const followed = follow(kube, observation.release, () => news.tell(), broken, ended.signal);
  const deadline = Date.now() + observation.budget;
  const newer = askForNewer(observation, news);
  const told = new Set<string>();
  const logs = new Map<string, string[]>();
  try {
    for (;;) {
      if (newer.fence !== undefined) return { state: 'superseded', by: newer.fence };
      if (isSynced(followed)) {
        const view = viewOf(observation, followed, logs);
        tellPods(view, told, observation.onPod);
        const verdict = await withEvidence(kube, view, logs);
        if (verdict.state !== 'progressing' || Date.now() >= deadline) return verdict;
        await news.wait(Math.min(deadline, nextLook(view)) - Date.now());
      } else if (Date.now() >= deadline) {
        throw troubleOf(followed);
      } else {
        await news.wait(deadline - Date.now());
      }
    }
  } finally {
    newer.stop();
    ended.abort();
  }
}

/** Asks from time to time whether a newer claim waits. Not to get an answer is no reason to stop. */
function askForNewer({ fence, newestFence }: Observation, news: News) {
  const newer: { fence?: number; stop(): void } = { stop: () => clearInterval(timer) };
  const timer = setInterval(async () => {
    const newest = await newestFence?.().catch(() => undefined);
    if (newest === undefined || newest <= fence) return;
    newer.fence = newest;
    news.tell();
  }, ASK_EVERY);
  return newer;
}

function viewOf({ release, fence }: Observation, followed: Followed, logs: View['logs']): View {
  const [deployment] = followed.deployments.items.values();
  return {
    release,
    fence,
    deployment,
    replicaSets: [...followed.replicaSets.items.values()],
    pods: [...followed.pods.items.values()],
    events: [...followed.events.items.values()],
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

function tellPods(view: View, told: Set<string>, onPod: Observation['onPod']): void {
  for (const change of podStates(view)) {
    const key = `${change.pod} ${change.state}`;
    if (!told.has(key)) onPod(change);
    told.add(key);
  }
}

/** When the verdict may change without any news: when patience ends. */
function nextLook(view: View): number {
  const ends = view.deployment === undefined ? 0 : patienceEnds(view, view.deployment);
  return ends > Date.now() ? ends : Number.POSITIVE_INFINITY;
}

function troubleOf(followed: Followed): Error {
  const troubled = Object.values(followed).find((mirror) => mirror.trouble !== undefined);
  return troubled?.trouble ?? new Error('the cluster did not answer in time');
}

/** Lets one reader wait for the next of many changes. */
class News {
  #fresh = false;
  #error?: { thrown: unknown };
  #wake?: () => void;

  tell(): void {
    this.#fresh = true;
    this.#wake?.();
  }

  fail(thrown: unknown): void {
    this.#error ??= { thrown };
    this.tell();
  }

  /** Resolves when something was told since the last call, or after `ms`; rejects with what was failed with. */
  async wait(ms: number): Promise<void> {
    if (!this.#fresh && ms > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
    }
    this.#fresh = false;
    if (this.#error) throw this.#error.thrown;
  }
}
