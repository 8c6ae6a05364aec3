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

/** The last release of an environment that was seen to work. */
export interface LastGood {
  release: number;
  commit: string;
  url?: string;
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
}

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
  | { is: 'live'; url?: string }
  | { is: 'failed'; reason: string }
  | { is: 'superseded' }
  | { is: 'unknown'; reason: string };
