/** What one look at a release that bakes has found. */
export interface BakeLook {
  /** ISO 8601 */
  at: string;
  alarms: readonly AlarmLook[];
  checks: readonly CheckLook[];
  /** Restarts since the look's `since`, by container of pod. */
  restarts: readonly RestartLook[];
  /** Requests since then, where the release says how they are counted and the metric has data. */
  requests?: number;
  /** What could not be asked, one line each: CloudWatch, the cluster. */
  trouble: readonly string[];
}

export interface AlarmLook {
  name: string;
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' | 'absent';
  /** ISO 8601; when it came to be so. */
  since?: string;
  /** CloudWatch's reason, one line. */
  reason?: string;
}

export interface CheckLook {
  path: string;
  result: 'good' | 'bad' | 'unreachable';
  /** One line: `answers 500, and has to answer 200 to 399`. */
  message: string;
}

export interface RestartLook {
  pod: string;
  container: string;
  count: number;
  /** One line, as a rollout that fails gives it: how it ended and its last words. */
  reason: string;
}

/** What the looks together say. */
export type BakeVerdict =
  | { is: 'watching' }
  /** `notes`: what people should know all the same: an alarm that rang before. */
  | { is: 'good'; notes: readonly string[] }
  | { is: 'bad'; reason: string; notes: readonly string[] }
  | { is: 'unknown'; reason: string; notes: readonly string[] };
