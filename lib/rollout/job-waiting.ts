import type { Event, Job, Pod } from '../kube/wire.ts';
import { type ContainerStatus, containersOf } from './containers.ts';
import { startFinding } from './crash.ts';
import { imageFindings } from './image-pull.ts';
import { creationRefused, preparationFinding, schedulingFinding } from './placement.ts';
import type { Finding } from './verdict.ts';
import { eventsOf, type Facts, isOwnedBy, type JobView, msOf, timeOf } from './view.ts';

/** The pods of the job, the one that was made last at the end. */
export function jobPods({ job, pods }: JobView): Pod[] {
  return pods
    .filter((pod) => isOwnedBy(pod, job?.metadata?.uid))
    .sort((a, b) => msOf(a.metadata?.creationTimestamp) - msOf(b.metadata?.creationTimestamp));
}

/** What keeps the program of a job from running, by its pods that are there: the weightiest explanation first. */
export function waitingFindings(view: JobView): Finding[] {
  const pods = jobPods(view).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  return [...pods.flatMap((pod) => startFindings(view, pod)), ...creationFindings(view)];
}

/**
 * What kept it from running until its time was over. With its time a job's pods go, at once those that no node had
 * taken; then what was told of them is all that is left.
 */
export function waitedFor(view: JobView): Finding | undefined {
  const pods = jobPods(view);
  const known = pods.length > 0 ? pods : toldOf(view);
  const [first] = [
    ...known.flatMap((pod) => startFindings(view, pod)),
    ...creationFindings(view),
    ...known.flatMap((pod) => schedulingFinding(view, pod) ?? preparationFinding(view, pod) ?? []),
  ];
  return first;
}

function startFindings(facts: Facts, pod: Pod): Finding[] {
  return [
    ...imageFindings(facts, pod),
    ...containersOf(pod).flatMap((container) => startFinding(facts, pod, container) ?? []),
  ];
}

/** Pods that the job is not allowed to create. */
function creationFindings(view: JobView): Finding[] {
  const { metadata } = view.job ?? {};
  const told = eventsOf(view, metadata?.uid).findLast(({ reason }) =>
    ['FailedCreate', 'SuccessfulCreate'].includes(reason ?? ''),
  );
  if (told?.reason !== 'FailedCreate') return [];
  const at = timeOf(told);
  if (at < msOf(metadata?.creationTimestamp)) return [];
  return [creationRefused(view, { message: told.message ?? '', at })];
}

/** What the API server puts random characters behind to name a pod (apiserver, pkg/storage/names). */
const LONGEST_BASE = 58;

/** The job's last pod as events tell of it, which outlive it; none where a container of it was started. */
function toldOf({ events, job, name }: JobView): Pod[] {
  const base = `${name}-`.slice(0, LONGEST_BASE);
  const isOfJob = ({ involvedObject }: Event) =>
    involvedObject?.kind === 'Pod' &&
    involvedObject.name?.startsWith(base) &&
    /^[a-z0-9]{5}$/.test(involvedObject.name.slice(base.length));
  const since = msOf(job?.metadata?.creationTimestamp);
  const told = events
    .filter((event) => isOfJob(event) && timeOf(event) >= since)
    .sort((a, b) => timeOf(a) - timeOf(b));
  const last = told.at(-1)?.involvedObject;
  const ofLast = told.filter(({ involvedObject }) => involvedObject?.uid === last?.uid);
  if (last === undefined || ofLast.some(({ reason }) => reason === 'Started')) return [];
  const refused = ofLast.findLast(({ reason }) => reason === 'FailedScheduling' || reason === 'Scheduled');
  const { name: pod, namespace, uid } = last;
  const unscheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };
  return [
    {
      metadata: { name: pod, namespace, uid },
      status: {
        phase: 'Pending',
        ...(refused?.reason === 'FailedScheduling' && {
          conditions: [{ ...unscheduled, message: refused.message }],
        }),
        containerStatuses: containersIn(job),
      },
    } as Pod,
  ];
}

function containersIn(job: Job | undefined): ContainerStatus[] {
  const { initContainers = [], containers = [] } = job?.spec?.template?.spec ?? {};
  return [...initContainers, ...containers].map(
    ({ name, image = '' }) =>
      ({
        name,
        image,
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'ContainerCreating' } },
      }) as ContainerStatus,
  );
}
