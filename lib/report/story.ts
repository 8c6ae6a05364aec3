import { log, type Subject } from '../log.ts';

/**
 * The chapters of a push, as they are told to people. A chapter is one log record with these fields beside the
 * message; whoever shows progress (the git host's answer to `git push`, a terminal, CloudWatch Logs Insights)
 * reads the records of one delivery in order and ends at `deploy.settled`.
 */
export interface Chapters {
  'push.received': { ref: string; before: string; after: string };
  'deploy.started': { environment: string };
  /** What a person would otherwise wonder about: the head moved on, another deployment is waited for. */
  'deploy.notice': Record<string, never>;
  /** Another than the function carries the build out. */
  'build.engine': { engine: string };
  'build.notice': { line?: number };
  'build.step': {
    stage: string;
    number: number;
    total: number;
    instruction: string;
    ms: number;
    cached: boolean;
  };
  'build.finished': { ms: number };
  'build.failed': { ms: number; line?: number };
  'image.published': { digest: string; uploadedBytes: number; totalBytes: number; ms: number };
  /** What the next build can take over was kept beside the images; `ms` is what that took after the publishing. */
  'cache.kept': { sentBytes: number; totalBytes: number; ms: number };
  'release.created': { release: number; digest: string };
  'rollout.applied': { release: number };
  'rollout.pod': { pod: string; state: 'starting' | 'ready' | 'failing' | 'stopping' };
  /** Only where there are several; `phase` counts from 1. */
  'phase.started': { release: number; phase: number; phases: number; name: string };
  /** Its pods are ready. It may be watched from now on, for `watched` seconds. */
  'rollout.live': { release: number; ms: number; url?: string; watched?: number };
  'bake.started': { release: number; phase: number; seconds: number };
  /** What has changed since the last look, a line each. */
  'bake.look': { release: number; alarms: number; ringing: number };
  'bake.ended': {
    release: number;
    phase: number;
    verdict: 'good' | 'bad' | 'unknown';
    reason?: string;
    ms: number;
  };
  'rollout.failed': { release: number; ms: number; reason: string };
  /** Asked for by a person or an alarm; without \`from\` it was under way already. */
  'rollback.started': { from?: number; to: string; by: string };
  /** What was begun is undone; without `release` because nothing was good before. */
  'rollback.finished': { release?: number; ms: number };
  'deploy.settled': {
    outcome: Outcome;
    url?: string;
    reason?: string;
    /** What people should know of a release that is live all the same. */
    notes?: readonly string[];
    ms: number;
  };
}

/** How a push ended. `unchanged`: the commit was live already; `refused`: it is on record as bad. */
export type Outcome =
  | 'live'
  | 'failed'
  | 'superseded'
  | 'refused'
  | 'unchanged'
  | 'ignored'
  | 'rolled-back'
  | 'removed'
  /** The ledger and the cluster agree again. */
  | 'recovered'
  /** The functions reach what they need, or not: it is told what. */
  | 'examined';

/** Tells one chapter of `subject`'s push; `message` is one line, or several for a compiler's output. */
export function tell<E extends keyof Chapters>(
  subject: Subject,
  event: E,
  message: string,
  detail: Chapters[E],
): void {
  log.info(message, { ...subject, event, detail });
}
