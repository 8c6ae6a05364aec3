import { CLAIM, ended, isAtWork, isTouched, releaseInThePlaceOf } from './state.ts';
import type { BadCommit, Claim, LastGood, Lease, Purpose, State } from './types.ts';

/**
 * Who may change an environment, decided from its state alone. Each function answers and, where something changes,
 * gives the `next` state; whoever acts on it replaces the state only if it still is the one that was decided on.
 * What always holds:
 *
 * - Newest wins. Fences only grow, and only the newest claim leases or releases. A commit is claimed with the head as
 *   it was read after the state: so of two claims the later one has the later head, however events are ordered.
 * - One rollout at a time. A release is made, and a verdict recorded, only by the holder of the lease; another claim
 *   gets it when it was given back or has expired.
 * - Nothing is left half done. An execution that stops another one takes on what that one had begun: it brings its own
 *   release, or brings back what was good.
 * - Repeating changes nothing. The same execution claims the same fence and makes the same release again.
 */
export interface Decided<A> {
  answer: A;
  next?: State;
}

/** ms; outlasts one invocation of the roll-out function, which takes up to 2 minutes. */
const LEASE = 5 * 60_000;

export type ClaimAnswer =
  | { is: 'claimed'; fence: number; commit: string }
  /** The commit is what runs. */
  | { is: 'unchanged'; live: LastGood }
  /** The commit is what should run, and does not: `live` has to be brought back. */
  | { is: 'missing'; fence: number; live: LastGood }
  /** The commit is on record as bad. With a `fence` there is something begun to be undone. */
  | { is: 'refused'; bad: BadCommit; fence?: number }
  /** Another execution is at work on the same commit, or on what comes before it. */
  | { is: 'busy'; claim: Claim };

export interface ClaimRequest {
  execution: string;
  delivery: string;
  /** The branch's head, read after the state was. */
  commit: string;
  bad: BadCommit | undefined;
  /** ms since the epoch */
  now: number;
  /** The release of `commit` that was looked for in the cluster, and is not live there. */
  missing?: number;
  /** Fence of the rollback or removal that superseded this execution: the commit's turn comes when such have ended. */
  after?: number;
}

/** Claims the environment for a branch's head. */
export function decideClaim(state: State, asked: ClaimRequest): Decided<ClaimAnswer> {
  const { execution, delivery, commit, now } = asked;
  const bad = asked.bad ?? (state.condemned?.commit === commit ? state.condemned : undefined);
  const rival = state.claim !== undefined && isAtWork(state.claim, now) ? state.claim : undefined;
  if (rival !== undefined && waits(state, rival, { ...asked, bad }))
    return { answer: { is: 'busy', claim: rival } };
  if (rival?.commit === commit && rival.for === undefined)
    return { answer: again(state, rival.fence, { ...asked, bad }) };
  const fence = (state.claim?.fence ?? 0) + 1;
  const claim: Claim = { fence, execution, delivery, commit, since: now, until: now + CLAIM, ended: false };
  const next = { ...state, claim };
  if (isTouched(state)) return { answer: granted(fence, commit, bad), next };
  // The environment can stay as it is; but whoever is at work on what is no longer the head has to stop.
  const stopRival = rival === undefined ? {} : { next: { ...state, claim: ended(claim) } };
  if (bad !== undefined) return { answer: { is: 'refused', bad }, ...stopRival };
  const { live } = state;
  if (live?.commit !== commit) return { answer: { is: 'claimed', fence, commit }, next };
  if (asked.missing !== live.release) return { answer: { is: 'unchanged', live }, ...stopRival };
  return { answer: { is: 'missing', fence, live }, next: { ...next, due: { is: 'restore', fence } } };
}

/** Whether `rival` is left to its end, so that what is asked for can be said, or done, after it. */
function waits({ live }: State, rival: Claim, { execution, commit, bad, after }: ClaimRequest): boolean {
  if (rival.execution === execution) return false;
  if (rival.for === undefined) return rival.commit === commit;
  if (after !== undefined) return true;
  // A newer commit goes before a rollback; the one that it takes back, or brings back, is told how it ended.
  return rival.for === 'roll-back' && (bad !== undefined || live?.commit === commit);
}

/** The answer to an execution that has the claim already. */
function again({ due, live }: State, fence: number, { commit, bad, missing }: ClaimRequest): ClaimAnswer {
  const lost = due?.is === 'restore' && live !== undefined && live.release === missing;
  return lost ? { is: 'missing', fence, live } : granted(fence, commit, bad);
}

function granted(fence: number, commit: string, bad: BadCommit | undefined): ClaimAnswer {
  return bad === undefined ? { is: 'claimed', fence, commit } : { is: 'refused', bad, fence };
}

export type Superseded = { is: 'superseded'; by: Claim };

/** Another rollout is not over; ask again. */
export type Held = { is: 'held'; lease: Lease };

/** `number` is the release's, and `serving` that of the one whose pods take requests now; the lease is held. */
export type ReleaseAnswer = { is: 'made'; number: number; serving?: number } | Held | Superseded;

/** Who asks, and when, in ms since the epoch. */
export interface Asking {
  fence: number;
  now: number;
}

/** Takes the lease and numbers a release, for the claim `fence`. */
export function decideRelease(state: State, asking: Asking): Decided<ReleaseAnswer> {
  const refused = refusal(state, asking);
  if (refused !== undefined) return { answer: refused };
  const next = numbered(state, asking, 'deploy');
  const serving = releaseInThePlaceOf(state) ?? (state.due === undefined ? state.live?.release : undefined);
  return { answer: { is: 'made', number: next.releases, ...(serving && { serving }) }, next };
}

export type UndoAnswer =
  /** A release of that number has to bring back `good`, in the place of `from`; the lease is held. */
  | { is: 'made'; number: number; good: LastGood; from?: number }
  /** Nothing was good before: what the release `begun` created has to go; the lease is held. */
  | { is: 'none-good'; begun: number }
  /** The cluster runs what it should. */
  | { is: 'untouched' }
  | Held
  | Superseded;

/** Takes the lease to undo what was begun and not seen to work, by the claim `fence` or by one that it superseded. */
export function decideUndo(state: State, asking: Asking): Decided<UndoAnswer> {
  const refused = refusal(state, asking);
  if (refused?.is === 'superseded') return { answer: refused };
  if (!isTouched(state)) return { answer: { is: 'untouched' } };
  if (refused !== undefined) return { answer: refused };
  if (state.live === undefined) {
    const begun = state.due?.is === 'remove' ? state.due.release : state.releases;
    return { answer: { is: 'none-good', begun }, next: leased(state, asking) };
  }
  const next = numbered(state, asking, 'undo');
  const from = releaseInThePlaceOf(state);
  return {
    answer: { is: 'made', number: next.releases, good: state.live, ...(from && { from }) },
    next,
  };
}

function refusal(state: State, { fence, now }: Asking): Held | Superseded | undefined {
  const { claim, lease } = state;
  if (claim === undefined || claim.fence !== fence) return superseded(claim);
  return lease !== undefined && lease.fence !== fence && lease.until > now
    ? { is: 'held', lease }
    : undefined;
}

/** The next release's number, or that of the same one when it is asked for again. */
function numbered(state: State, asking: Asking, purpose: Purpose): State {
  const { fence } = asking;
  const again = state.made?.fence === fence && state.made.purpose === purpose;
  const releases = again ? state.releases : state.releases + 1;
  return { ...leased(state, asking), releases, made: { fence, purpose } };
}

function leased(state: State, { fence, now }: Asking): State {
  return { ...alive(state, now), lease: { fence, until: now + LEASE } };
}

export type RenewAnswer = { is: 'renewed' } | Superseded;

/** A sign of life of the claim `fence`, which also renews its lease, if it has one. */
export function decideRenew(state: State, asking: Asking): Decided<RenewAnswer> {
  const { claim, lease } = state;
  if (claim === undefined || claim.fence !== asking.fence) return { answer: superseded(claim) };
  const next = lease?.fence === asking.fence ? leased(state, asking) : alive(state, asking.now);
  return { answer: { is: 'renewed' }, next };
}

export type KeepAnswer = { is: 'kept' } | { is: 'late' } | Superseded;

/** Says what the claim `fence` has brought about, before it takes away what ran until then; the lease is kept. */
export function decideKeep(state: State, asking: Asking & { runs: LastGood }): Decided<KeepAnswer> {
  const { answer, next } = decideSettle(state, asking);
  if (answer.is === 'late' || next === undefined) return { answer: { is: 'late' } };
  if (state.claim?.fence !== asking.fence) return { answer: superseded(state.claim) };
  return { answer: { is: 'kept' }, next: leased({ ...next, claim: state.claim }, asking) };
}

/** What an execution leaves behind: its claim ended, its lease given back and, where it is known, what runs. */
export interface Settlement {
  fence: number;
  /** What the cluster runs now; `nothing` when all was removed, absent when that is not known. */
  runs?: LastGood | 'nothing';
}

export type SettleAnswer =
  | { is: 'settled' }
  /** The lease went to another claim in between, or a rollback or removal was claimed: what runs is not ours to say. */
  | { is: 'late' };

export function decideSettle(state: State, { fence, runs }: Settlement): Decided<SettleAnswer> {
  const claim = state.claim?.fence === fence ? { claim: ended(state.claim) } : {};
  const { lease, ...unleased } = state;
  if (lease?.fence !== fence) {
    const before = typeof runs === 'object' ? state.live?.release === runs.release : true;
    return { answer: { is: before ? 'settled' : 'late' }, next: { ...state, ...claim } };
  }
  if (runs !== undefined && state.due !== undefined && state.due.fence > fence)
    return { answer: { is: 'late' }, next: unleased };
  if (runs === undefined) return { answer: { is: 'settled' }, next: { ...unleased, ...claim } };
  const { live: _before, due: _done, ...rest } = unleased;
  const live = runs === 'nothing' ? {} : { live: runs };
  return { answer: { is: 'settled' }, next: { ...rest, ...claim, ...live, known: state.releases } };
}

function alive(state: State, now: number): State {
  return state.claim === undefined ? state : { ...state, claim: { ...state.claim, until: now + CLAIM } };
}

function superseded(by: Claim | undefined): Superseded {
  // A fence that was never given: only a ledger that lost its items, or another table, answers so.
  if (by === undefined) throw new RangeError('the ledger does not know this claim');
  return { is: 'superseded', by };
}
