import type { Subject } from '../log.ts';
import type { Release } from '../release/types.ts';
import type { Blame } from './verdict.ts';

/** What every request to the roll-out function says. */
interface About {
  subject: Subject;
  /** The release that is rolled out; of an `undo`, the release that failed. */
  release: Release;
  /** The claim's sequence number: the cluster refuses a write whose fence is lower than the last one written. */
  fence: number;
}

/**
 * `apply` writes the release's resources and then observes them, within one invocation's time; `observe` goes on
 * where an answer `progressing` left off. `undo` brings `back` (a new release with the content of the last good
 * one) and observes that, to be continued by an `observe` of `back`; with none, it removes what `release` created.
 * Each may be repeated at any time.
 */
export type RolloutRequest = About & ({ do: 'apply' } | { do: 'observe' } | { do: 'undo'; back?: Release });

/** How a rollout stands. What is thrown instead (FairleadError) is worth another try. */
export type RolloutAnswer =
  /** Ask again with `observe`. */
  | { state: 'progressing'; ready: number; wanted: number }
  /**
   * All wanted pods run this release and no other. Without `url` when its address could not be found out, or a load
   * balancer has none yet; `internalName` is its DNS name in the cluster.
   */
  | { state: 'live'; url?: string; internalName: string }
  /** It cannot become live. `reason` is one line to act on; `details` are log lines and events, several lines. */
  | { state: 'failed'; reason: string; details: string; blame?: Blame }
  /** Neither live nor broken as far as the cluster tells. */
  | { state: 'unknown'; reason: string }
  /** A newer claim has written to the environment; `by` is its fence. */
  | { state: 'superseded'; by: number }
  /** Answer to an `undo` without `back`: what the release had created is gone. */
  | { state: 'removed' };
