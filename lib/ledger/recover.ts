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
  /** The greatest number that a release has in the cluster. */
  number: number;
  /** And on record: none of them is given twice, though the state were lost alone. */
  onRecord?: number;
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
 * Whether the cluster has what the ledger does not know: a fence or a release that it never gave a number to, or
 * something that runs where nothing ever was good. Each says that the ledger has lost items, or is an older one. Fences
 * alone do not: claims that fail go on counting, and come to the cluster's in the end.
 */
export function isBehind(
  state: State,
  { fence, number, runs }: Pick<FoundInCluster, 'fence' | 'number' | 'runs'>,
): boolean {
  if (fence > (state.claim?.fence ?? 0) || number > state.releases) return true;
  return runs !== undefined && state.live === undefined && !isTouched(state);
}

/**
 * What the ledger has to take from the cluster, whose word counts only where the ledger {@link isBehind}. Fences and
 * numbers of releases only grow, whatever was lost.
 */
export function decideRecover(state: State, found: FoundInCluster): Decided<RecoverAnswer> {
  const before = state.claim?.fence ?? 0;
  const { execution, delivery, now, runs, onRecord = 0 } = found;
  const works = state.claim !== undefined && isAtWork(state.claim, now) && found.fence <= before;
  if (works || !isBehind(state, found)) return decideMissing(state, found);
  const fence = Math.max(found.fence, before) + MARGIN;
  const commit = runs?.commit ?? state.claim?.commit ?? '';
  const releases = Math.max(state.releases, found.number, onRecord, runs?.release ?? 0);
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
