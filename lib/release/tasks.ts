import type { CronTask, Task } from '../app/types.ts';
import { type Context, metadataOf } from './context.ts';
import { PROCESS, processLabels } from './labels.ts';
import { shortName } from './names.ts';
import { containerFields, containerSecurity, podFields } from './pod.ts';
import type { KubernetesObject } from './types.ts';

/** Jobs before a release stay for a day, for whoever wants to read what they logged. */
const KEPT_SECONDS = 86_400;
/** The controller appends eleven characters to a CronJob's name. */
const LONGEST_CRON_NAME = 52;
/** A start that was missed for longer than this is left out; without a bound a hundred missed ones stop it for good. */
const LATEST_START_SECONDS = 300;

/** A job that runs before the release; its name says which one. */
export function job(context: Context, task: Task): KubernetesObject {
  const suffix = `-${context.number}`;
  const name = shortName(`${context.app.name}-${task.name}`, 63 - suffix.length) + suffix;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(context, name, { labels: { [PROCESS]: task.name } }),
    spec: { ...jobSpec(context, task), ttlSecondsAfterFinished: KEPT_SECONDS },
  };
}

export function cronJob(context: Context, task: CronTask): KubernetesObject {
  const name = shortName(`${context.app.name}-${task.name}`, LONGEST_CRON_NAME);
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: metadataOf(context, name, { labels: { [PROCESS]: task.name } }),
    spec: {
      schedule: task.schedule,
      ...(task.timeZone !== undefined && { timeZone: task.timeZone }),
      concurrencyPolicy: task.concurrency,
      suspend: task.suspend,
      startingDeadlineSeconds: LATEST_START_SECONDS,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels: processLabels(context.ids, task.name) },
        spec: jobSpec(context, task),
      },
    },
  };
}

function jobSpec(context: Context, task: Task) {
  const { app, ids } = context;
  return {
    backoffLimit: task.retries,
    activeDeadlineSeconds: task.timeout,
    template: {
      metadata: { labels: processLabels(ids, task.name) },
      spec: {
        ...podFields(context),
        // A failed pod stays as it was, with what it logged; the next try is another pod.
        restartPolicy: 'Never',
        containers: [{ ...containerFields(context, task.name, task), ...containerSecurity(app, {}) }],
      },
    },
  };
}
