import type { Kube } from '../kube/client.ts';
import { type LogRef, tailOf } from '../kube/logs.ts';
import type { Release } from '../release/types.ts';
import { containersOf } from './containers.ts';
import { type FollowedJob, followJob, needed } from './follow.ts';
import { jobDeadline, jobStatus } from './job-status.ts';
import { jobPods } from './job-waiting.ts';
import { TAIL_LINES } from './observe.ts';
import { type Look, until, type Watching } from './until.ts';
import type { JobVerdict } from './verdict.ts';
import { type JobView, logKey, msOf } from './view.ts';

export interface JobObservation extends Watching {
  release: Release;
  /** The Job's name. */
  name: string;
}

/** Milliseconds before a job's time ends at which its log is read: with its end its pods are taken away. */
const BEFORE_DEADLINE = 1500;

/** Milliseconds that are waited for the end of a failed job's pod. */
const EVIDENCE_MS = 3000;

/**
 * Follows a job until it is done or has failed; `running` where it is neither within the budget.
 * @throws KubeError where the cluster cannot be read
 */
export async function observeJob(kube: Kube, observation: JobObservation): Promise<JobVerdict> {
  const { release, name } = observation;
  const logs = new Map<string, string[]>();
  return until<JobVerdict>(observation, (follower) => {
    const followed = followJob(kube, release, name, follower);
    return { needs: needed(followed), look: () => lookAt(kube, viewOf(observation, followed, logs), logs) };
  });
}

async function lookAt(kube: Kube, view: JobView, logs: Map<string, string[]>): Promise<Look<JobVerdict>> {
  const verdict = jobStatus(view);
  const early = jobDeadline(view) - BEFORE_DEADLINE;
  if (verdict.state === 'running') {
    if (Date.now() < early) return { verdict, isOver: false, next: early };
    for (const ref of runningLogs(view)) if (!logs.has(logKey(ref))) await read(kube, ref, logs);
    return { verdict, isOver: false, next: Number.POSITIVE_INFINITY };
  }
  const late = evidenceComes(view, verdict);
  if (late !== undefined) return { verdict, isOver: false, next: late };
  if ('evidence' in verdict && verdict.evidence !== undefined) {
    await read(kube, verdict.evidence, logs);
    return { verdict: jobStatus(view), isOver: true, next: 0 };
  }
  return { verdict, isOver: true, next: 0 };
}

/** That a job has failed may be known before how its pod has: until when, in milliseconds since the epoch, to wait. */
function evidenceComes(view: JobView, verdict: JobVerdict): number | undefined {
  if (verdict.state !== 'failed' || verdict.exitCode !== undefined || jobPods(view).length === 0)
    return undefined;
  const failed = view.job?.status?.conditions?.find(
    ({ type }) => type === 'Failed' || type === 'FailureTarget',
  );
  const until = msOf(failed?.lastTransitionTime) + EVIDENCE_MS;
  return until > Date.now() ? until : undefined;
}

/** What was read before stays where there is nothing to be read any more. */
async function read(kube: Kube, ref: LogRef, logs: Map<string, string[]>): Promise<void> {
  const lines = await tailOf(kube, ref, TAIL_LINES);
  if (lines.length > 0) logs.set(logKey(ref), lines);
}

function runningLogs(view: JobView): LogRef[] {
  return jobPods(view).flatMap((pod) =>
    containersOf(pod)
      .filter(({ state }) => state?.running !== undefined)
      .map(({ name: container }) => ({
        namespace: pod.metadata?.namespace ?? '',
        pod: pod.metadata?.name ?? '',
        container,
        run: 'current' as const,
      })),
  );
}

function viewOf(
  { release, name, fence }: JobObservation,
  followed: FollowedJob,
  logs: JobView['logs'],
): JobView {
  const [job] = followed.jobs.items.values();
  return {
    release,
    fence,
    name,
    ...(job && { job }),
    pods: [...followed.pods.items.values()],
    events: [...followed.warnings.items.values(), ...followed.notes.items.values()],
    logs,
    now: new Date(),
  };
}
