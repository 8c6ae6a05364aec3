import type { BakeLook } from '../bake/types.ts';
import type { Subject } from '../log.ts';
import type { Release } from '../release/types.ts';
import type { Change } from './diff.ts';
import type { Recollection } from './recollect.ts';
import type { Sighted, Survey } from './survey.ts';
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
 * Phases are those of lib/release/phases.ts, counted from 0.
 *
 * - `apply` writes the resources of `phase` and then observes its workloads, within one invocation's time. With phase 0
 *   everything of the release is asked of the cluster as a dry run first, and its jobs are run.
 *   With `back` the release is one that was good: only its workloads are asked for first, and what else can be brought
 *   back is; fields are taken back from people.
 * - `observe` goes on where an answer `progressing` left off.
 * - `prune` takes away what the release does not contain. An `apply` or `observe` does it itself as soon as a phase that
 *   prunes is live, unless the phase is watched (`bakeSeconds`): then old pods are kept for going back, and it is asked
 *   for after the bake.
 * - `see` tells whether what a live release consists of is there still.
 * - `look` is one look at a release that bakes, at `url` if it has one.
 * - `undo` brings `back` (a new release with the content of the last good one) as a whole, all its resources at once
 *   whatever its strategy, and observes that, to be continued by an `observe` of `back` with `phase: 'back'`; with none, it
 *   removes what `release` created.
 * - `remove` takes away everything of the environment, its namespace too if Fairlead made it.
 *
 * Each may be repeated at any time.
 */
export type RolloutRequest = About &
  (
    | { do: 'apply'; phase: number; back?: true }
    | { do: 'observe'; phase: number | 'back' }
    | { do: 'see' }
    | { do: 'look'; phase: number; url?: string; since: string }
    | { do: 'prune' }
    | { do: 'undo'; back?: Release }
    | { do: 'remove' }
  );

/** How a rollout stands. What is thrown instead (FairleadError) is worth another try. */
export type RolloutAnswer =
  /** Ask again with `observe`. `applied` comes once, with the answer to the `apply`. */
  | { state: 'progressing'; ready: number; wanted: number; applied?: AppliedFacts }
  /**
   * All wanted pods run this release and no other. Without `url` when its address could not be found out, or a load
   * balancer has none yet; `internalName` is its DNS name in the cluster, absent for an app that takes no requests.
   */
  | { state: 'live'; url?: string; internalName?: string; applied?: AppliedFacts }
  /** It cannot become live. `reason` is one line to act on; `details` are log lines and events, several lines. */
  | { state: 'failed'; reason: string; details: string; blame?: Blame; applied?: AppliedFacts }
  /** Neither live nor broken as far as the cluster tells. */
  | { state: 'unknown'; reason: string; applied?: AppliedFacts }
  /** A newer claim has written to the environment; `by` is its fence. */
  | { state: 'superseded'; by: number }
  /** Answer to a `see`: `missing` is an object that is not there, or not as the release has written it. */
  | { state: 'seen'; missing?: string }
  /** Answer to a `look`. */
  | { state: 'looked'; look: BakeLook }
  /** Answer to a `prune`, an `undo` without `back`, and a `remove`: what had to go is gone. */
  | { state: 'removed' };

/** What is known once a phase's resources are applied; it goes into the release's record. */
export interface AppliedFacts {
  /** What the application changed in the cluster; of phase 0, what the whole release will change. */
  changes: readonly Change[];
  /** The alarms of the release as they were before anything was changed; of phase 0 only. */
  before?: BakeLook['alarms'];
  /** Of a release that is brought back: what had been set by others, and what became of it, one line each. */
  notes?: readonly string[];
}

/** What is asked to bring a lost ledger back: which environments there are after the namespace `after`, and what runs in one. */
export type RecoveryRequest =
  | { do: 'survey'; subject: Subject; after?: string }
  | { do: 'recollect'; subject: Subject; of: Sighted };

export type RecoveryAnswer =
  | { state: 'surveyed'; survey: Survey }
  | { state: 'recollected'; recollection: Recollection & { url?: string } };
