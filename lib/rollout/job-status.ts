import { fenceOf } from '../kube/owner.ts';
import type { Job, Pod } from '../kube/wire.ts';
import { type ContainerStatus, containersOf, lastEnd } from './containers.ts';
import { crashReason, runThatEnded } from './crash.ts';
import { detailsOf } from './details.ts';
import { jobPods, waitedFor, waitingFindings } from './job-waiting.ts';
import type { Finding, JobVerdict } from './verdict.ts';
import { type JobView, msOf, titleOf } from './view.ts';

/**
 * How a release's job stands. How often it may fail, and how long it may take, it says itself (`backoffLimit`,
 * `activeDeadlineSeconds`); what keeps its program from ever running is said at once.
 */
export function jobStatus(view: JobView): JobVerdict {
  const { job, release, name, fence } = view;
  const title = titleOf(release, { kind: 'Job', name });
  if (job === undefined || job.metadata?.deletionTimestamp !== undefined)
    return end(view, 'failed', { reason: `${title} was deleted before it was done`, blame: 'elsewhere' });
  const latest = fenceOf(job);
  if (latest > fence) return { state: 'superseded', by: latest };
  if (holds(job, 'Complete')) return { state: 'done' };
  // Newer clusters say first that it has failed, and then, when its pods are gone, that it is over.
  const failure = holds(job, 'Failed') ?? holds(job, 'FailureTarget');
  if (failure !== undefined) return ended(view, job, failure.reason, failure.message);
  if (job.spec?.suspend)
    return {
      state: 'unknown',
      reason: `${title} is suspended (kubectl patch job ${name} sets .spec.suspend)`,
    };
  const hopeless = hopelessFinding(view);
  return hopeless === undefined ? { state: 'running' } : end(view, 'failed', hopeless);
}

/** When the job's own time ends, in milliseconds since the epoch; Infinity where it has none. */
export function jobDeadline({ job }: JobView): number {
  const { activeDeadlineSeconds } = job?.spec ?? {};
  const start = job?.status?.startTime;
  if (activeDeadlineSeconds === undefined || start === undefined) return Number.POSITIVE_INFINITY;
  return msOf(start) + activeDeadlineSeconds * 1000;
}

function holds({ status }: Job, wanted: string) {
  return status?.conditions?.find(({ type, status: value }) => type === wanted && value === 'True');
}

function ended(view: JobView, job: Job, why = '', message = ''): JobVerdict {
  const title = `job ${view.name}`;
  const crash = lastCrash(view);
  if (why === 'DeadlineExceeded') {
    // What never ran has not failed by itself.
    const why = crash ?? waitedFor(view);
    const said = why === undefined ? '' : `: ${why.reason}`;
    const seconds = job.spec?.activeDeadlineSeconds;
    return end(view, 'timed-out', {
      ...why,
      reason: `${title} is not done within its ${seconds} s${said}`,
    });
  }
  const tries = job.status?.failed ?? 0;
  const times = tries > 1 ? ` ${tries} times` : '';
  if (crash !== undefined)
    return end(view, 'failed', { ...crash, reason: `${title} has failed${times}: ${crash.reason}` });
  return end(view, 'failed', { reason: `${title} has failed${times}: ${message || why}` });
}

type Crash = Pick<Finding, 'reason' | 'evidence'> & { exitCode?: number };

/** How the last pod of it ended, or what it said while it was running. */
function lastCrash(view: JobView): Crash | undefined {
  for (const pod of jobPods(view).reverse()) {
    const failed = containersOf(pod).find((container) => (lastEnd(container)?.exitCode ?? 0) !== 0);
    const told = failed ?? containersOf(pod).findLast(({ state }) => state?.running !== undefined);
    if (told !== undefined) return crashOf(view, pod, told);
  }
  return undefined;
}

function crashOf(view: JobView, pod: Pod, container: ContainerStatus): Crash {
  const end = lastEnd(container);
  if (end !== undefined && end.exitCode !== 0)
    return {
      reason: crashReason(view, pod, container, end),
      evidence: runThatEnded(pod, container),
      exitCode: end.exitCode,
    };
  const evidence = { ...runThatEnded(pod, container), run: 'current' as const };
  return { reason: `container ${container.name} was still running`, evidence };
}

/** What no further try heals. */
function hopelessFinding(view: JobView): Finding | undefined {
  const final = waitingFindings(view).find(({ weight }) => weight === 'final');
  return final && { ...final, reason: `job ${view.name}: ${final.reason}` };
}

function end(
  view: JobView,
  state: 'failed' | 'timed-out',
  { reason, evidence, exitCode, blame }: Crash & Pick<Finding, 'blame'>,
): JobVerdict {
  const details = detailsOf(view, [view.job, ...jobPods(view)], evidence);
  return { state, reason, details, evidence, blame, ...(exitCode !== undefined && { exitCode }) };
}
