import type { Bake } from '../release/types.ts';
import type { AlarmLook, BakeLook } from './types.ts';

/** What is judged: see judge.ts. */
export interface Watched {
  bake: Bake;
  before?: readonly AlarmLook[] | undefined;
  looks: readonly BakeLook[];
  /** ISO 8601 */
  startedAt: string;
}

/** One thing that the looks at a release have shown. */
export interface Finding {
  is: /** The release is at fault. */
    | 'bad'
    /** May turn out to be bad with the next look; unknown without one. */
    | 'pending'
    /** Keeps the release from being called good. */
    | 'unknown'
    /** People should know. */
    | 'note';
  /** One line. */
  text: string;
}
