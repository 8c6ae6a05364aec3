import { nextTime, parseSchedule } from '../../cron-schedule.ts';
import { type KubernetesObject, sameJson, timestamp } from '../../object.ts';
import { referenceTo } from '../../store/events.ts';
import type { Store } from '../../store.ts';
import { endedAt, ending, type Job, type JobSpec } from '../job/types.ts';
import { controllerOf, controllerReference } from '../owners.ts';

/** Source: Kubernetes `batch/v1`. */
export interface CronJob extends KubernetesObject {
  spec: {
    schedule: string;
    timeZone?: string;
    startingDeadlineSeconds?: number;
    concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace';
    suspend?: boolean;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate: {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
      spec: JobSpec;
    };
  };
  status?: { active?: object[]; lastScheduleTime?: string; lastSuccessfulTime?: string };
}

const component = 'cronjob-controller';

/**
 * Starts the Job of a CronJob that is due, and forgets the Jobs of long ago.
 * @returns when the next one is due, in milliseconds
 */
export function reconcileCronJob(store: Store, namespace: string, name: string): number | undefined {
  const cronJob = store.get<CronJob>('CronJob', namespace, name);
  if (!cronJob || cronJob.metadata.deletionTimestamp) return undefined;
  const now = new Date();
  const jobs = jobsOf(store, cronJob);
  tidy(store, cronJob, jobs);
  const due = planRun(cronJob, now);
  const started = due.at === undefined ? undefined : start(store, cronJob, jobs, due.at);
  const status = statusOf(store, cronJob, started);
  if (!sameJson(status, cronJob.status))
    store.patchStatus<CronJob>('CronJob', namespace, name, (draft) => {
      draft.status = status;
    });
  return due.next === undefined ? undefined : Math.max(1, due.next - now.getTime());
}

/**
 * Which time of the schedule is due now, the last one missed, and which is next.
 * Source: Kubernetes `mostRecentScheduleTime`.
 */
export function planRun({ spec, status, metadata }: CronJob, now: Date): { at?: number; next?: number } {
  if (spec.suspend) return {};
  const schedule = parseSchedule(spec.schedule);
  const earliest =
    spec.startingDeadlineSeconds === undefined ? 0 : now.getTime() - 1_000 * spec.startingDeadlineSeconds;
  let at: number | undefined;
  let from = Math.max(Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp), earliest);
  for (;;) {
    const next = nextTime(schedule, from, spec.timeZone);
    if (next === undefined || next > now.getTime())
      return { ...(at !== undefined && { at }), ...(next !== undefined && { next }) };
    at = next;
    from = next;
  }
}

function jobsOf(store: Store, { metadata: { namespace, uid } }: CronJob): Job[] {
  return store
    .list<Job>('Job', namespace === undefined ? {} : { namespace })
    .items.filter((job) => controllerOf(job)?.uid === uid);
}

/** @returns when a Job was started, RFC 3339 */
function start(store: Store, cronJob: CronJob, jobs: readonly Job[], at: number): string | undefined {
  const { concurrencyPolicy = 'Allow', jobTemplate } = cronJob.spec;
  const { namespace, name } = cronJob.metadata;
  const active = jobs.filter((job) => !ending(job));
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    const why = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    store.recordEvent(cronJob, 'Normal', 'JobAlreadyActive', why, component);
    return undefined;
  }
  if (concurrencyPolicy === 'Replace') for (const job of active) remove(store, job);
  const jobName = `${name}-${Math.floor(at / 60_000)}`;
  if (store.get('Job', namespace, jobName)) return timestamp(new Date(at));
  store.create<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...jobTemplate.metadata,
      name: jobName,
      ...(namespace !== undefined && { namespace }),
      annotations: {
        ...jobTemplate.metadata?.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(new Date(at)),
      },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: jobTemplate.spec,
  });
  store.recordEvent(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${jobName}`, component);
  return timestamp(new Date(at));
}

function statusOf(
  store: Store,
  cronJob: CronJob,
  started: string | undefined,
): NonNullable<CronJob['status']> {
  const jobs = jobsOf(store, cronJob);
  const active = jobs.filter((job) => !ending(job)).map((job) => referenceTo(job));
  const succeeded = jobs
    .filter((job) => ending(job)?.type === 'Complete')
    .map((job) => job.status?.completionTime ?? '');
  const lastScheduleTime = started ?? cronJob.status?.lastScheduleTime;
  const lastSuccessfulTime = [cronJob.status?.lastSuccessfulTime ?? '', ...succeeded].sort().at(-1);
  return {
    ...(active.length > 0 && { active }),
    ...(lastScheduleTime !== undefined && { lastScheduleTime }),
    ...(lastSuccessfulTime && { lastSuccessfulTime }),
  };
}

/** Keeps as many ended Jobs as the history limits say. */
function tidy(store: Store, { spec }: CronJob, jobs: readonly Job[]): void {
  const limits = { Complete: spec.successfulJobsHistoryLimit ?? 3, Failed: spec.failedJobsHistoryLimit ?? 1 };
  for (const [type, limit] of Object.entries(limits)) {
    const ended = jobs
      .filter((job) => ending(job)?.type === type)
      .sort((a, b) => (endedAt(b) ?? 0) - (endedAt(a) ?? 0));
    for (const job of ended.slice(limit)) remove(store, job);
  }
}

function remove(store: Store, { metadata: { namespace, name } }: Job): void {
  if (store.get('Job', namespace, name))
    store.delete('Job', namespace, name, { propagationPolicy: 'Background' });
}
