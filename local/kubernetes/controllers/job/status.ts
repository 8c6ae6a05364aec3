import { timestamp } from '../../object.ts';
import { readySince } from '../pods.ts';
import type { JobPlan, Tally } from './plan.ts';
import type { Job, JobCondition, JobStatus } from './types.ts';

/**
 * The status that a plan leads to. What has failed or succeeded says so at once, and is over when its pods are gone
 * (Kubernetes 1.31 and up: `FailureTarget` comes before `Failed`, `SuccessCriteriaMet` before `Complete`).
 */
export function jobStatus(
  job: Job,
  plan: JobPlan,
  { active, terminating, succeeded, failed }: Tally,
  now: Date,
): JobStatus {
  const isEnding = plan.do === 'end';
  const counts = {
    active: isEnding ? 0 : active.length,
    ready: isEnding ? 0 : active.filter((pod) => readySince(pod) !== undefined).length,
    terminating: terminating.length + (isEnding ? active.length : 0),
    succeeded,
    failed: failed + (isEnding && plan.as === 'Failed' ? active.length : 0),
  };
  const present = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  const conditions = conditionsOf(job, plan, counts.terminating === 0, now);
  const startTime = job.spec.suspend ? undefined : (job.status?.startTime ?? timestamp(now));
  const isComplete = conditions.some(({ type }) => type === 'Complete');
  return {
    ...(conditions.length > 0 && { conditions }),
    ...(startTime !== undefined && { startTime }),
    ...(isComplete && { completionTime: job.status?.completionTime ?? timestamp(now) }),
    ...present,
  };
}

function conditionsOf(job: Job, plan: JobPlan, isOver: boolean, now: Date): JobCondition[] {
  const before = job.status?.conditions ?? [];
  if (plan.do === 'run') return suspension(job, before, now);
  const { as, reason, message } = plan;
  const types = [as === 'Failed' ? 'FailureTarget' : 'SuccessCriteriaMet', ...(isOver ? [as] : [])] as const;
  return [
    ...before.filter(({ type }) => !(types as readonly string[]).includes(type)),
    ...types.map((type) => condition(before, { type, status: 'True', reason, message }, now)),
  ];
}

function suspension(job: Job, before: JobCondition[], now: Date): JobCondition[] {
  const known = before.find(({ type }) => type === 'Suspended');
  if (!job.spec.suspend && known === undefined) return before;
  const next = job.spec.suspend
    ? { status: 'True' as const, reason: 'JobSuspended', message: 'Job suspended' }
    : { status: 'False' as const, reason: 'JobResumed', message: 'Job resumed' };
  const others = before.filter(({ type }) => type !== 'Suspended');
  return [...others, condition(before, { type: 'Suspended', ...next }, now)];
}

function condition(before: readonly JobCondition[], next: JobCondition, now: Date): JobCondition {
  const same = before.find(({ type, status }) => type === next.type && status === next.status);
  return same ?? { ...next, lastProbeTime: null, lastTransitionTime: timestamp(now) };
}
