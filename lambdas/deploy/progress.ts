import type { AlarmLook } from '../../lib/bake/types.ts';
import type { PhaseRecord } from '../../lib/ledger/types.ts';
import type { Release } from '../../lib/release/types.ts';
import type { Change } from '../../lib/rollout/diff.ts';
import type { RolledOut } from './roll-out.ts';
import type { Baking } from './tell.ts';

/** How far a deployment has come: only what the results of durable steps say, so that a replay comes to the same. */
export interface Progress {
  /** The commit that is deployed: the pushed one, until the branch turns out to be at another one. */
  commit: string;
  /** ms since the epoch; absent before the first step has ended. */
  startedAt?: number;
  /** The newest claim's. */
  fence?: number;
  /** The commits that were claimed, each with a status `pending` beside it. */
  claimed: string[];
  /** Another execution brought the commit to its end, and counted it. */
  joined: boolean;
  /** The release of the commit, once there is one, and how its rollout ended. */
  release?: Release;
  rolledOut?: RolledOut;
  /** What the release came to beside that. */
  course: { changes?: readonly Change[]; phases: PhaseRecord[] };
  /** The alarms of the release, before anything of it was applied. */
  before?: readonly AlarmLook[];
  /** What watching it found that makes it go; told when it goes. */
  bad?: Baking;
  /** Present once the alarms were read after the ledger had heard that the release is live; `rung` takes it back. */
  lookedLate?: { rung: AlarmLook | undefined };
  /** ms since the epoch: when the pods of the last phase were ready, and this was told. */
  liveAt?: number;
}

export function begin(commit: string): Progress {
  return { commit, claimed: [], joined: false, course: { phases: [] } };
}

/** What became of a rollout that did not come to be live. */
export type Restored =
  /** `release` brings back what was good before, at `url`. `notes`: what people had set, and what became of it. */
  | { is: 'back'; release: Release; url?: string; notes?: readonly string[] }
  /** Nothing was good before, and what was created is gone. */
  | { is: 'removed' }
  /** Nothing had been begun. */
  | { is: 'untouched' }
  /** A newer claim sees to it. */
  | { is: 'superseded' }
  /** `release`: the one that was to bring it back. */
  | { is: 'not-restored'; reason: string; release?: Release };
