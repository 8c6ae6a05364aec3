import { isPreview } from './place.ts';
import type { Push } from './types.ts';

/** What the ledger knows of an environment. */
export interface Known {
  /** Of the newest claim: whose head is deployed, and where to. */
  push: Push;
  /** ISO 8601: when that was claimed. */
  pushedAt: string;
  claim?: {
    fence: number;
    commit: string;
    for?: 'roll-back' | 'remove';
    /** ms since the epoch: as long is whoever holds it taken to be at work, and for some time after its end. */
    until: number;
    ended: boolean;
  };
  /** `liveSince`: ISO 8601. */
  live?: { commit: string; liveSince?: string };
  /** Whether the cluster may run something else than it should. */
  touched: boolean;
}

/** Where the git host says that the head is which the environment is to run. */
export type Standing =
  | { is: 'at'; commit: string }
  /** `sure`: by the installation's word, whatever the host has. */
  | { is: 'gone'; why: string; sure?: true }
  /** The host does not say, or not to us: nothing follows from that. */
  | { is: 'unknown' };

export type Upkeep =
  | { do: 'leave' }
  | { do: 'deploy'; commit: string }
  /** `sure`: whether it goes although its branch is there. */
  | { do: 'remove'; reason: string; sure: boolean };

/** What is decided with. */
export interface Now {
  /** ms since the epoch */
  at: number;
  /** Seconds that a preview lives after its last deployment. */
  ttl: number;
}

/** What the ids of deployments begin with that the sweep has started. */
export const SWEPT = 'sweep-';

const LEAVE: Upkeep = { do: 'leave' };

/**
 * What an environment needs that nobody sees to: a head whose push was lost, the end of what an execution had begun that
 * died, the removal of a preview that nothing needs. Whether the head is on record as bad is asked for afterwards; where
 * somebody is at work, or just was, nothing is decided.
 */
export function decideUpkeep(known: Known, standing: Standing, { at, ttl }: Now): Upkeep {
  const { claim, live, push } = known;
  if (claim !== undefined && !claim.ended && at < claim.until) return LEAVE;
  if (claim?.for === 'remove' && !(standing.is === 'at' && standing.commit !== claim.commit)) {
    // Still on the list: it was cut off, or failed. That is tried again, but not all the time.
    if (claim.ended && at < claim.until) return LEAVE;
    return { do: 'remove', reason: 'its removal did not come to an end', sure: true };
  }
  if (isPreview(push.environment)) {
    if (standing.is === 'gone') return { do: 'remove', reason: standing.why, sure: standing.sure ?? false };
    // A deployment that took its time is not over before anybody has seen it.
    const begins = Math.max(
      ...[known.pushedAt, live?.liveSince ?? ''].map(Date.parse).filter(Number.isFinite),
    );
    if (Number.isFinite(begins) && at - begins > ttl * 1000)
      return { do: 'remove', reason: `nothing was pushed to it for ${inWords(ttl)}`, sure: true };
  }
  if (standing.is !== 'at') return LEAVE;
  const cutOff = claim !== undefined && !claim.ended;
  if (live?.commit === standing.commit && !known.touched && !cutOff) return LEAVE;
  if (claim?.commit === standing.commit && claim.ended && !isTriedAgain(known, at)) return LEAVE;
  return { do: 'deploy', commit: standing.commit };
}

/**
 * Whether what was tried, and failed by nobody's fault that is on record, is tried once more: not all the time, and a
 * preview only once, since each deployment begins its time anew.
 */
function isTriedAgain({ push, claim }: Known, at: number): boolean {
  const preview = isPreview(push.environment);
  return at >= (claim?.until ?? 0) && !(preview && push.delivery.startsWith(SWEPT));
}

/** Whether an environment that is not there is to be made for a branch at `head`, as the last claim on it tells. */
export function isNews(claim: Known['claim'], head: string, at: number): boolean {
  if (claim === undefined) return true;
  if (!claim.ended && at < claim.until) return false;
  // What was removed at this commit stays so until the branch moves.
  return claim.commit !== head;
}

/** `3 days`, `90 minutes`, `5 s` */
export function inWords(seconds: number): string {
  for (const [unit, length] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = seconds / length;
    if (count >= 1 && Number.isInteger(count)) return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return `${seconds} s`;
}
