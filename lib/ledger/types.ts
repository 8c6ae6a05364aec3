import type { BakeVerdict } from '../bake/types.ts';
import type { Change } from '../rollout/diff.ts';

/** Where a branch of an app runs. */
export interface Environment {
  app: string;
  /** `production`, `preview-<branch>` */
  name: string;
}

/** The right of one execution of deploy to change an environment: the newest claim has it, no other. */
export interface Claim {
  /** The sequence number of the claim, from 1. Every write to the cluster carries it. */
  fence: number;
  /** The ARN of the durable execution. */
  execution: string;
  /** The git host's id of the event that the execution was started by. */
  delivery: string;
  /** Full object id: the branch's head as it was read while claiming. */
  commit: string;
  /** ms since the epoch: when it was made. Claims of before that was kept have none. */
  since?: number;
  /** What the execution was started to do; absent for a push. */
  for?: 'roll-back' | 'remove';
  /** ms since the epoch. After `until` the execution is taken for dead, if it has not `ended` before. */
  until: number;
  ended: boolean;
}

/** The exclusive use of an environment's cluster resources, for a while. */
export interface Lease {
  fence: number;
  /** ms since the epoch */
  until: number;
}

/** The last release of an environment whose bake ended well, or was kept although nobody could say. */
export interface LastGood {
  release: number;
  commit: string;
  url?: string;
  /** ISO 8601: when its pods were ready. */
  liveSince?: string;
  /** ISO 8601: until then an alarm still takes it back; absent where none does. */
  watchUntil?: string;
  /** Names of the alarms that rang before it, and were not seen to be OK since. */
  ringing?: readonly string[];
}

/** Why a release is made: to bring a commit, or to bring back what was good. */
export type Purpose = 'deploy' | 'undo';

/** All that is decided about one environment: one item, replaced as a whole or not at all. */
export interface State {
  /** How often the item was replaced; 0 when there is none yet. */
  version: number;
  /** The newest claim. */
  claim?: Claim;
  lease?: Lease;
  /** The number of the last release; 0 before the first. */
  releases: number;
  /** Which claim made the last release. */
  made?: { fence: number; purpose: Purpose };
  live?: LastGood;
  /** The release as of which the cluster is known to run `live`, or nothing without it. A later one was begun. */
  known: number;
  /** What else the cluster is not known to be, and has to be brought to. */
  due?: Due;
  /** The commit that the last rollback took back: on record as bad in the moment in which the rollback is claimed. */
  condemned?: BadCommit;
}

/** `fence` is that of the claim that said so. */
export type Due = { fence: number } & (
  | /**
   * `live` is to be brought back: it was rolled back to, from `instead`, or is not in the cluster any more. What was
   * `live` itself has nothing of the old pods beside it; what was only `begun` has.
   */
  { is: 'restore'; instead?: { release: number; was: 'live' | 'begun' } }
  /** All is to be taken away; `release` is the last that was made, and so says what there may be. */
  | { is: 'remove'; release: number }
);

/** A commit that an environment does not take (again). */
export interface BadCommit {
  commit: string;
  /** One line. */
  reason: string;
  /** ISO 8601 */
  at: string;
}

/** How a release ended. */
export type Verdict =
  /** `notes`: what people should know all the same, one line each: that nobody can say whether it is good, and why. */
  | { is: 'live'; url?: string; notes?: readonly string[] }
  | { is: 'failed'; reason: string }
  | { is: 'superseded' }
  | { is: 'unknown'; reason: string };

/** How one phase of a release went. */
export interface PhaseRecord {
  name: string;
  /** ISO 8601: when its pods were ready; absent where they never were. */
  readyAt?: string;
  /** What watching it came to; absent where it was not watched to an end. */
  bake?: Exclude<BakeVerdict, { is: 'watching' }>;
}

/** What became of a release beside its verdict. */
export interface Course {
  /** What it changed in the cluster, as far as there is room. */
  changes?: readonly Change[];
  phases?: readonly PhaseRecord[];
}

/** That a release which was good is not so any more. */
export interface RolledBack {
  reason: string;
  /** A person, or the name of an alarm. */
  by: string;
  /** ISO 8601 */
  at: string;
}
