import type { Decided } from './claims.ts';
import { isAtWork, isTouched } from './state.ts';
import type { Claim, LastGood, State } from './types.ts';

/** What the cluster knows of an environment, in the ledger's words. */
export interface FoundInCluster {
  execution: string;
  delivery: string;
  /** ms since the epoch */
  now: number;
  /** The greatest that a write to the environment had. */
  fence: number;
  /** The greatest number that a release had, in the cluster or on record. */
  number: number;
  /** What runs there; absent where nothing does. */
  runs?: LastGood;
}

/**
 * A claim that was lost with the ledger may have an execution at work that has not written yet: its fence is greater
 * than any that the cluster knows, and has to be below the next one. Numbers cost nothing.
 */
const MARGIN = 100;

export type RecoverAnswer =
  /** The ledger knows of what was written to the cluster: nothing changes. */
  | { is: 'as-known' }
  /** An execution sees to it. */
  | { is: 'at-work'; claim: Claim }
  /** The cluster was ahead. `fence` is the newest claim's from now on, and greater than any before. */
  | { is: 'recovered'; fence: number; from: number }
  /** What the ledger says is live is not there: it is to be brought out anew. */
  | { is: 'missing'; live: LastGood };

/**
 * What the ledger has to take from the cluster. Every write to the cluster carries the fence of a claim, so a fence that
 * the ledger never gave says that the ledger lost items, or is an older one; only then does the cluster's word count.
 * Fences and numbers of releases only grow, whatever was lost.
 */
export function decideRecover(state: State, found: FoundInCluster): Decided<RecoverAnswer> {
  const before = state.claim?.fence ?? 0;
  if (found.fence <= before) return decideMissing(state, found);
  const { execution, delivery, now, runs } = found;
  const fence = found.fence + MARGIN;
  const commit = runs?.commit ?? state.claim?.commit ?? '';
  const releases = Math.max(state.releases, found.number, runs?.release ?? 0);
  const { version, condemned } = state;
  const next: State = {
    version,
    claim: { fence, execution, delivery, commit, until: now, ended: true },
    releases,
    known: releases,
    ...(runs && { live: runs }),
    ...(condemned && { condemned }),
  };
  return { answer: { is: 'recovered', fence, from: before }, next };
}

/** What the ledger has to ask for again in a cluster that does not have it: another cluster, for example. */
export function decideMissing(
  state: State,
  { runs, now }: Pick<FoundInCluster, 'runs' | 'now'>,
): Decided<RecoverAnswer> {
  const { claim, live } = state;
  if (claim !== undefined && isAtWork(claim, now)) return { answer: { is: 'at-work', claim } };
  if (live === undefined || runs !== undefined) return { answer: { is: 'as-known' } };
  const answer = { is: 'missing', live } as const;
  return isTouched(state) ? { answer } : { answer, next: doubted(state) };
}

/** The state in which nobody knows whether `live` is there: the next claim brings the head, or that, in any case. */
export function doubted(state: State): State {
  if (state.live === undefined || isTouched(state)) return state;
  return { ...state, due: { is: 'restore', fence: state.claim?.fence ?? 0 } };
}
