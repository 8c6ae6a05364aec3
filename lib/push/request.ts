import type { Place, Push } from './types.ts';

/** What the deploy function is started with. */
export type DeployRequest =
  /** A branch moved: its head is brought to its environment. */
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
}
