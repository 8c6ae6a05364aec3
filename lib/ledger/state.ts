import type { Claim, State } from './types.ts';

/** ms that a claim lasts without a sign of life: a build may take its function's 15 minutes. */
export const CLAIM = 20 * 60_000;

export const EMPTY: State = { version: 0, releases: 0, known: 0 };

/** Whether the execution of `claim` is still expected to bring to an end what it was started for. */
export function isAtWork(claim: Claim, now: number): boolean {
  return !claim.ended && now < claim.until;
}

/** Whether `claim` has not ended within `ms` of its beginning, whether or not its execution shows a sign of life. */
export function isStuck(claim: Claim, now: number, ms: number): boolean {
  return !claim.ended && claim.since !== undefined && now - claim.since > ms;
}

/** Whether the cluster may run something else than it should: a release was begun since, or something is due. */
export function isTouched(state: State): boolean {
  return state.releases !== state.known || state.due !== undefined;
}

export function ended(claim: Claim): Claim {
  return { ...claim, ended: true };
}

/**
 * The release that takes requests although it is not `live` any more: it was rolled back from, and what was good before
 * it has no pods of its own until that is done. One that was only begun leaves them.
 */
export function releaseInThePlaceOf({ due }: State): number | undefined {
  return due?.is === 'restore' && due.instead?.was === 'live' ? due.instead.release : undefined;
}
