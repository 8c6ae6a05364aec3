import type { Decided } from './claims.ts';
import { CLAIM, isTouched } from './state.ts';
import type { BadCommit, Claim, LastGood, State } from './types.ts';

/**
 * Claims that no push makes: a rollback, and the removal of an environment. Each is newer than every claim before it,
 * and says with the claim, in one write, what the environment is to become. So whoever takes over from an execution
 * that was cut off, or superseded, has the same to bring to its end.
 */
export interface Intervention {
  execution: string;
  delivery: string;
  /** ms since the epoch */
  now: number;
}

/**
 * What a rollback takes back: the release that is being brought out, else the one that is live. None where nothing
 * runs, or where what was good is being brought back already.
 */
export function releaseThatGoes(state: State): number | undefined {
  if (state.due !== undefined) return undefined;
  if (state.releases === state.known) return state.live?.release;
  return state.made?.purpose === 'deploy' ? state.releases : undefined;
}

export interface RollBackRequest extends Intervention {
  /** Only if this release is live, and nothing newer is being brought out. */
  whileLive?: number;
  /** What {@link releaseThatGoes} says, as the bad commit that it becomes. */
  bad?: BadCommit;
  /** The release to go back to; absent where there is none. */
  target?: LastGood;
}

export type RollBackAnswer =
  /** `good` has to be brought back. */
  | { is: 'claimed'; fence: number; good: LastGood }
  /** The release that was to be taken back is not what runs. */
  | { is: 'not-live'; live?: LastGood }
  /** There is nothing to go back to. */
  | { is: 'none-good' };

export function decideRollBack(state: State, asked: RollBackRequest): Decided<RollBackAnswer> {
  const { whileLive, bad, target } = asked;
  if (isRepeated(state, asked, 'roll-back') && state.live !== undefined)
    return { answer: { is: 'claimed', fence: state.claim.fence, good: state.live } };
  const { live } = state;
  // With a newer release at work beside it nobody can say which of them an alarm rings for (docs/rollouts.md).
  if (whileLive !== undefined && (live?.release !== whileLive || isTouched(state)))
    return { answer: { is: 'not-live', ...(live === undefined ? {} : { live }) } };
  if (target === undefined) return { answer: { is: 'none-good' } };
  const goes = releaseThatGoes(state);
  const was = goes === live?.release ? 'live' : 'begun';
  const before = state.due?.is === 'restore' ? state.due.instead : undefined;
  const instead = goes === undefined ? before : ({ release: goes, was } as const);
  const claim = claimOf(state, asked, { for: 'roll-back', commit: target.commit });
  const next: State = {
    ...state,
    claim,
    live: target,
    due: { is: 'restore', fence: claim.fence, ...(instead === undefined ? {} : { instead }) },
    ...(bad === undefined ? {} : { condemned: bad }),
  };
  return { answer: { is: 'claimed', fence: claim.fence, good: target }, next };
}

export type RemoveAnswer =
  | { is: 'claimed'; fence: number; commit: string }
  /** Something came in between, for which it is to stay: a newer claim, where `whileFence` says so. */
  | { is: 'newer'; by: Claim };

export interface RemoveRequest extends Intervention {
  /** Only while this is the fence of the newest claim. */
  whileFence?: number;
}

/** Claims the environment so that all of it is taken away. */
export function decideRemove(state: State, asked: RemoveRequest): Decided<RemoveAnswer> {
  if (isRepeated(state, asked, 'remove')) {
    const { fence, commit } = state.claim;
    return { answer: { is: 'claimed', fence, commit } };
  }
  if (asked.whileFence !== undefined && state.claim !== undefined && state.claim.fence !== asked.whileFence)
    return { answer: { is: 'newer', by: state.claim } };
  const { live, ...rest } = state;
  const commit = live?.commit ?? state.claim?.commit ?? '';
  const claim = claimOf(state, asked, { for: 'remove', commit });
  const release = live?.release ?? state.releases;
  const due = { is: 'remove', fence: claim.fence, release } as const;
  const next: State = { ...rest, claim, ...(release > 0 && { due }) };
  return { answer: { is: 'claimed', fence: claim.fence, commit }, next };
}

function isRepeated(
  state: State,
  { execution }: Intervention,
  is: Claim['for'],
): state is State & { claim: Claim } {
  const { claim } = state;
  return claim?.execution === execution && claim.for === is && !claim.ended;
}

function claimOf(
  state: State,
  { execution, delivery, now }: Intervention,
  what: Pick<Claim, 'for' | 'commit'>,
): Claim {
  const fence = (state.claim?.fence ?? 0) + 1;
  return { fence, execution, delivery, ...what, since: now, until: now + CLAIM, ended: false };
}
