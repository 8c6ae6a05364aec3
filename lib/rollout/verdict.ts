import type { LogRef } from '../kube/logs.ts';

/** How a rollout stands, by all that is known of it. */
export type Verdict =
  | { state: 'progressing'; ready: number; wanted: number }
  | { state: 'live' }
  | Failed
  | { state: 'unknown'; reason: string }
  | { state: 'superseded'; by: number };

export interface Failed {
  state: 'failed';
  /** One line that a developer can act on. */
  reason: string;
  /** Log lines and events, several lines; may be empty. */
  details: string;
  /** The log that would tell more. */
  evidence?: LogRef;
  blame?: Blame;
}

/** That the same commit may come to be live once somebody has put the cluster right; absent where it would fail again. */
export type Blame = 'elsewhere';

/** Something that keeps a pod from serving. */
export interface Finding {
  /** `final`: it cannot heal by itself. `bearable`: it may, and counts once patience has ended. */
  weight: 'final' | 'bearable';
  reason: string;
  evidence?: LogRef;
  blame?: Blame;
}
