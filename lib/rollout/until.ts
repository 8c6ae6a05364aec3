import type { Mirror } from '../kube/watch.ts';
import type { LiveObject } from '../kube/wire.ts';
import type { Follower } from './follow.ts';
import { News } from './news.ts';

/** For how long to look, and when not to look any longer. */
export interface Watching {
  fence: number;
  /**
   * Milliseconds; without a verdict by then, the answer is how it stands. It is looked at once even where nothing is left:
   * to say that one has not looked would be to have it all done again.
   */
  budget: number;
  /** The fence of the newest claim, as far as it is known outside the cluster: it may be waiting for this rollout. */
  newestFence?(): Promise<number | undefined>;
}

/** What is looked at again and again. */
export interface Subject<V> {
  /** What has to have been read once before the first look. */
  needs: readonly Mirror<LiveObject>[];
  look(): Promise<Look<V>>;
}

export interface Look<V> {
  verdict: V;
  /** Whether that is the last word. */
  isOver: boolean;
  /** When, in milliseconds since the epoch, it may look different without any news. */
  next: number;
}

/** Milliseconds between two questions for the newest claim. A rollout that is quicker than that asks none. */
const ASK_EVERY = 2000;

/** Milliseconds that the first look has, whatever came before it: a list of each collection, from a cluster at work. */
const FIRST_LOOK = 10_000;

/**
 * Looks until there is a verdict: whenever the cluster says that something has changed, and when time alone may have
 * changed it.
 * @throws KubeError where the cluster cannot be read
 */
export async function until<V>(
  watching: Watching,
  begin: (follower: Follower) => Subject<V>,
): Promise<V | { state: 'superseded'; by: number }> {
  const ended = new AbortController();
  const news = new News();
  const { signal } = ended;
  const subject = begin({ changed: () => news.tell(), broken: (error) => news.fail(error), signal });
  const deadline = Date.now() + watching.budget;
  const readBy = Math.max(deadline, Date.now() + FIRST_LOOK);
  const newer = askForNewer(watching, news);
  try {
    for (;;) {
      if (newer.fence !== undefined) return { state: 'superseded', by: newer.fence };
      if (!subject.needs.every(({ synced }) => synced)) {
        if (Date.now() >= readBy) throw troubleOf(subject);
        await news.wait(readBy - Date.now());
        continue;
      }
      const { verdict, isOver, next } = await subject.look();
      // Patience may end while nobody can see what becomes of it: what is old by now is no last word.
      const isBlind = subject.needs.some(({ trouble }) => trouble !== undefined);
      if (isOver && !isBlind) return verdict;
      if (Date.now() >= deadline) {
        if (isOver) throw troubleOf(subject);
        return verdict;
      }
      await news.wait((isBlind ? deadline : Math.min(deadline, next)) - Date.now());
    }
  } finally {
    newer.stop();
    ended.abort();
  }
}

/** Asks from time to time whether a newer claim waits. Not to get an answer is no reason to stop. */
function askForNewer({ fence, newestFence }: Watching, news: News) {
  const newer: { fence?: number; stop(): void } = { stop: () => clearInterval(timer) };
  const timer = setInterval(async () => {
    const newest = await newestFence?.().catch(() => undefined);
    if (newest === undefined || newest <= fence) return;
    newer.fence = newest;
    news.tell();
  }, ASK_EVERY);
  return newer;
}

function troubleOf({ needs }: Subject<unknown>): Error {
  const troubled = needs.find((mirror) => mirror.trouble !== undefined);
  return troubled?.trouble ?? new Error('the cluster did not answer in time');
}
