import type { Origin, Place, Push } from './types.ts';
import type { Word } from './word.ts';

/** What the delivery of a rollback begins with that an alarm asked for. */
export const BY_ALARM = 'alarm-';

/** What the deploy function is started with. */
export type DeployRequest = EnvironmentRequest | Recover | Examine;

/** What is to become of one environment. */
export type EnvironmentRequest =
  /** A branch moved: its head is brought to its environment. `after` is {@link NO_COMMIT} where nobody knew one. */
  ({ do: 'deploy' } & Push) | RollBack | Remove;

/** Takes an environment back to a release that was good, and keeps the commit that it runs now on record as bad. */
export interface RollBack {
  do: 'roll-back';
  app: string;
  environment: Place;
  /** The number of the release to go back to; the last good one before what is live when absent. */
  to?: number;
  /** One line. */
  reason: string;
  /** Who wants it: a person, or the name of an alarm. */
  by: string;
  /** Id by which the story is followed, as a push's delivery is. */
  delivery: string;
  /** Only while this release is what is live: an alarm may come late. */
  whileLive?: number;
}

/** Takes away an environment with everything in it: a preview whose branch is gone, or whose time is over. */
export interface Remove {
  do: 'remove';
  app: string;
  environment: Place;
  reason: string;
  delivery: string;
  /**
   * What has to be gone by now: deletions and creations of a branch are told in any order. Without it the environment is
   * removed whatever there is. `pullsOf`: every open pull request of that branch, of which there may be several.
   */
  unless?: Origin & ({ branch: string } | { pullRequest: number } | { pullsOf: string });
  /** Only while this is the fence of the newest claim: nobody has deployed to it since it was looked at. */
  whileFence?: number;
}

/** Brings the ledger and the cluster together, after one of them was lost. */
export interface Recover {
  do: 'recover';
  /** All there are when absent. */
  app?: string;
  delivery: string;
}

/** Looks whether the functions reach what they need, and changes nothing. */
export interface Examine {
  do: 'examine';
  delivery: string;
}

/**
 * What the sweep function is asked for between its rounds: to look at one pull request, and do what it calls for. What
 * the git host's event said about it may be old, or a stranger's.
 */
export interface LookAtPull extends Origin {
  do: 'look-at-pull';
  number: number;
  /**
   * Present where a person has just asked for a preview: in the conversation, as the host's event has it, or `from` the
   * command line, of which no host knows.
   */
  word?: Word & { by: string; from?: 'command line' };
  delivery: string;
}
