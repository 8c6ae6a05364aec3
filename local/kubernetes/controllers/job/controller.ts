import { sameJson } from '../../object.ts';
import type { Store } from '../../store.ts';
import { claimAll } from '../claim.ts';
import { isSelected } from '../labels.ts';
import { createPod, removePod } from '../pods.ts';
import type { Pod } from '../types.ts';
import { type JobPlan, planJob, tallyOf } from './plan.ts';
import { jobStatus } from './status.ts';
import { endedAt, ending, type Job } from './types.ts';

const component = 'job-controller';

/**
 * Starts a Job's pods, ends it when they have done their work or failed too often, and removes it after its time.
 * @returns when to look again, in milliseconds, if nothing changes before
 * @throws what kept a pod from being created: it is tried again
 */
export function reconcileJob(store: Store, namespace: string, name: string): number | undefined {
  const job = store.get<Job>('Job', namespace, name);
  if (!job || job.metadata.deletionTimestamp) return undefined;
  const now = new Date();
  if (ending(job)) return expire(store, job, now);
  const candidates = store.list<Pod>('Pod', { namespace }).items;
  const pods = claimAll(store, job, candidates, ({ metadata }) =>
    isSelected(metadata.labels, job.spec.selector ?? {}),
  );
  const plan = planJob(job, tallyOf(job, pods), now);
  // The start is written before the first pod: its deadline counts from then.
  if (job.status?.startTime === undefined && !job.spec.suspend) write(store, job, plan, pods, now);
  const failure = act(store, job, plan, pods);
  write(store, store.get<Job>('Job', namespace, name) ?? job, plan, pods, now);
  if (failure) throw failure;
  return plan.do === 'run' ? plan.againMs : expireMs(store.get<Job>('Job', namespace, name), now);
}

/** Creates and deletes pods; `pods` is then what there is. */
function act(store: Store, job: Job, plan: JobPlan, pods: Pod[]): Error | undefined {
  const surplus = plan.do === 'run' ? plan.surplus : tallyOf(job, pods).active;
  for (const pod of surplus) removePod(store, job, pod, component);
  try {
    for (let count = plan.do === 'run' ? plan.create : 0; count > 0; count -= 1)
      pods.push(createPod(store, job, job.spec.template, component));
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function write(store: Store, job: Job, plan: JobPlan, pods: readonly Pod[], now: Date): void {
  const { namespace, name } = job.metadata;
  const newest = pods.flatMap((pod) => store.get<Pod>('Pod', namespace, pod.metadata.name) ?? []);
  const status = jobStatus(job, plan, tallyOf(job, newest), now);
  if (sameJson(status, job.status)) return;
  const written = store.patchStatus<Job>('Job', namespace, name, (draft) => {
    draft.status = status;
  });
  if (written && ending(written) && !ending(job)) tellEnd(store, written);
}

function tellEnd(store: Store, job: Job): void {
  const end = ending(job);
  if (end?.type === 'Complete') store.recordEvent(job, 'Normal', 'Completed', 'Job completed', component);
  else store.recordEvent(job, 'Warning', end?.reason ?? '', end?.message ?? '', component);
}

/** `ttlSecondsAfterFinished`. Source: Kubernetes `ttlafterfinished_controller.go`. */
function expire(store: Store, job: Job, now: Date): number | undefined {
  const ms = expireMs(job, now);
  if (ms === undefined || ms > 0) return ms;
  const { namespace, name } = job.metadata;
  store.delete('Job', namespace, name, { propagationPolicy: 'Foreground' });
  return undefined;
}

function expireMs(job: Job | undefined, now: Date): number | undefined {
  const end = job && endedAt(job);
  const seconds = job?.spec.ttlSecondsAfterFinished;
  return end === undefined || seconds === undefined ? undefined : end + 1_000 * seconds - now.getTime();
}
