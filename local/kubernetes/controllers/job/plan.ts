import { isActive } from '../pods.ts';
import type { Pod } from '../types.ts';
import type { Job } from './types.ts';

/** What a Job's pods have come to. */
export interface Tally {
  active: Pod[];
  /** Told to end, and still there. */
  terminating: Pod[];
  succeeded: number;
  failed: number;
  /** When the last failed pod ended, in milliseconds since the epoch; 0 where none has. */
  lastFailure: number;
}

export type JobPlan =
  | { do: 'run'; create: number; surplus: Pod[]; againMs?: number }
  | { do: 'end'; as: 'Complete' | 'Failed'; reason: string; message: string };

/** The waits between a failed pod and the next. Source: Kubernetes `job_controller.go`. */
const firstBackOffMs = 10_000;
const lastBackOffMs = 360_000;

/** Counts that the status has keep what pods that are gone have come to. */
export function tallyOf({ status }: Job, pods: readonly Pod[]): Tally {
  const failed = pods.filter((pod) => pod.status?.phase === 'Failed');
  const succeeded = pods.filter((pod) => pod.status?.phase === 'Succeeded');
  return {
    active: pods.filter(isActive),
    terminating: pods.filter((pod) => !isActive(pod) && ![...failed, ...succeeded].includes(pod)),
    succeeded: Math.max(succeeded.length, status?.succeeded ?? 0),
    failed: Math.max(failed.length, status?.failed ?? 0),
    lastFailure: Math.max(0, ...failed.map(finishedAt)),
  };
}

function finishedAt({ status, metadata }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => state.terminated?.finishedAt);
  return Math.max(...ends.map((at) => Date.parse(at ?? metadata.creationTimestamp)), 0);
}

/** Decides what becomes of a Job that has not ended. Source: Kubernetes `syncJob`, `manageJob`. */
export function planJob(job: Job, tally: Tally, now: Date): JobPlan {
  const { parallelism = 1, completions, backoffLimit = 6, suspend = false } = job.spec;
  const { active, succeeded } = tally;
  const failure = failureOf(job, tally, backoffLimit, now);
  if (failure !== undefined) return { do: 'end', as: 'Failed', ...failure };
  const isComplete =
    completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (isComplete)
    return {
      do: 'end',
      as: 'Complete',
      reason: 'CompletionsReached',
      message: 'Reached expected number of succeeded pods',
    };
  const open = completions === undefined ? openEnded(parallelism, tally) : completions - succeeded;
  const wanted = suspend ? 0 : Math.min(parallelism, open);
  const missing = wanted - active.length;
  const waitMs = missing > 0 ? backOffEnds(tally) - now.getTime() : 0;
  const againMs = soonest(waitMs, deadlineOf(job) - now.getTime());
  return {
    do: 'run',
    create: missing > 0 && waitMs <= 0 ? missing : 0,
    surplus: active.slice(wanted),
    ...(againMs !== undefined && { againMs }),
  };
}

/** Once one pod of a Job without `completions` has succeeded, no other is started. */
function openEnded(parallelism: number, { succeeded, active }: Tally): number {
  return succeeded > 0 ? active.length : parallelism;
}

function failureOf(job: Job, tally: Tally, backoffLimit: number, now: Date) {
  // In place or anew: a pod whose containers are restarted has failed as often.
  const restarts = job.spec.template.spec.restartPolicy === 'OnFailure' ? restartsOf(tally.active) : 0;
  if (tally.failed > backoffLimit || (restarts > 0 && restarts >= backoffLimit))
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  if (now.getTime() >= deadlineOf(job))
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  return undefined;
}

function restartsOf(pods: readonly Pod[]): number {
  const statuses = pods.flatMap(({ status }) => [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ]);
  return statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** Milliseconds since the epoch; infinite for a Job without a deadline, or that waits to be resumed. */
function deadlineOf({ spec: { activeDeadlineSeconds, suspend }, status }: Job): number {
  if (activeDeadlineSeconds === undefined || status?.startTime === undefined || suspend)
    return Number.POSITIVE_INFINITY;
  return Date.parse(status.startTime) + 1_000 * activeDeadlineSeconds;
}

function backOffEnds({ failed, lastFailure }: Tally): number {
  if (failed === 0 || lastFailure === 0) return 0;
  return lastFailure + Math.min(firstBackOffMs * 2 ** (failed - 1), lastBackOffMs);
}

function soonest(...waits: number[]): number | undefined {
  const next = Math.min(...waits.filter((wait) => wait > 0));
  return Number.isFinite(next) ? next : undefined;
}
