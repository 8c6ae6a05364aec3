import type { LogRef } from '../kube/logs.ts';

/** How a rollout stands, by all that is known of it. */
export type Verdict =
  | { state: 'progressing'; ready: number; wanted: number }
  | { state: 'live' }
  | Failed
  | { state: 'unknown'; reason: string }
  | { state: 'superseded'; by: number };

/** How a job stands that has to be done before its release goes on. */
export type JobVerdict =
  | { state: 'running' }
  | { state: 'done' }
  /** `exitCode`: of the container that failed, where one ran. `timed-out`: it was not done within its time. */
  | (Omit<Failed, 'state'> & { state: 'failed' | 'timed-out'; exitCode?: number })
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

/** What a job's verdict means for its release: done is as good as live, and one that took too long has failed. */
export function verdictOfJob(verdict: JobVerdict): Verdict {
  switch (verdict.state) {
    case 'running':
      return { state: 'progressing', ready: 0, wanted: 1 };
    case 'done':
      return { state: 'live' };
    case 'failed':
    case 'timed-out':
      return { ...verdict, state: 'failed' };
    default:
      return verdict;
  }
}
