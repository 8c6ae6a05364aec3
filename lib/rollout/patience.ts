import { lastWrite } from '../kube/conflict.ts';
import { FIELD_MANAGER } from '../kube/owner.ts';
import type { Deployment, LiveObject, Pod } from '../kube/wire.ts';
import { comingNode } from './placement.ts';
import { isReady, msOf, type Part, startOf } from './view.ts';
import { currentPods } from './workload.ts';

/** What Kubernetes takes for `progressDeadlineSeconds` where it is not set. */
const DEFAULT_SECONDS = 600;

/** Milliseconds that the cluster's own deadline is waited for before ours counts: clocks differ. */
const MARGIN_MS = 3000;

/** How long a new node has, from when the cluster asked for it, to take the pod. */
const NODE_MS = 300_000;

/**
 * When, in milliseconds since the epoch, a rollout without progress has had its time. A pod that waits for a node on its
 * way has that node's time, too, whatever the app's patience is: it is not the release that is slow.
 */
export function patienceEnds(part: Part): number {
  const own = ownEnd(part);
  const nodes = currentPods(part).map((pod) => comingNode(part, pod));
  return Math.max(own, ...nodes.map((asked) => (asked === undefined ? 0 : asked + NODE_MS)));
}

function ownEnd(part: Part): number {
  const { workload } = part;
  if (workload.kind === 'Deployment') return workload.live ? deadlineOf(part, workload.live) : 0;
  // Nobody keeps that time for the other kinds: what their pods came to is their progress.
  const progressed = [workload.live?.metadata?.creationTimestamp, ...currentPods(part).flatMap(milestones)];
  return Math.max(beginOf(part, workload.live), ...progressed.map(msOf)) + secondsOf(part) * 1000;
}

/**
 * When the cluster's controller says so, else that long after the last progress it reported. Conditions from before this
 * rollout do not count: the controller leaves them standing for a moment after a change of the template.
 */
function deadlineOf(part: Part, deployment: Deployment): number {
  const { spec, status, metadata } = deployment;
  const start = beginOf(part, deployment);
  const condition = status?.conditions?.find(({ type }) => type === 'Progressing');
  const updated = msOf(condition?.lastUpdateTime);
  if (condition?.reason === 'ProgressDeadlineExceeded' && updated >= start) return updated;
  const seconds = spec?.progressDeadlineSeconds ?? DEFAULT_SECONDS;
  // A Deployment may be younger than its release, which waits for an earlier namespace of its name to go.
  const born = msOf(metadata?.creationTimestamp);
  const progressed = Math.max(start, born, condition?.status === 'True' ? updated : 0);
  return progressed + seconds * 1000 + MARGIN_MS;
}

/**
 * When the release was applied to a workload: there may have been a wait for another rollout, a job, or the bake of an
 * earlier phase between that and its making.
 */
function beginOf(part: Part, live: LiveObject | undefined): number {
  return Math.max(startOf(part), msOf(live && lastWrite(live, FIELD_MANAGER)));
}

function milestones(pod: Pod) {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return [pod.metadata?.creationTimestamp, isReady(pod) ? ready?.lastTransitionTime : undefined];
}

/** What the release's Deployments say counts for its other workloads: they have no field for it. */
function secondsOf({ release }: Part): number {
  const said = release.resources.flatMap(({ kind, spec }) =>
    kind === 'Deployment' ? ((spec as Deployment['spec'])?.progressDeadlineSeconds ?? []) : [],
  );
  return said.length === 0 ? DEFAULT_SECONDS : Math.max(...said);
}
