import { fenceOf } from '../kube/owner.ts';
import type { Pod } from '../kube/wire.ts';
import { containersOf } from './containers.ts';
import { crashFindings } from './crash.ts';
import { detailsOf } from './details.ts';
import { imageFindings } from './image-pull.ts';
import { patienceEnds } from './patience.ts';
import { creationFinding, lostNode, preparationFinding, schedulingFinding } from './placement.ts';
import { readinessFinding } from './readiness.ts';
import type { Finding, Verdict } from './verdict.ts';
import { isLeaving, isReady, type Part, partsOf, releaseNumber, titleOf, type View } from './view.ts';
import { currentPods, currentReplicaSet, isComplete, isObserved, readyOf, wantedOf } from './workload.ts';

/**
 * How a phase's rollout stands: live when all its workloads are, failed when one of them cannot become it. That is said
 * early for what cannot heal, and for anything else only when the workload has made no progress for as long as its
 * patience.
 */
export function status(view: View): Verdict {
  const verdicts = partsOf(view).map(partStatus);
  const of = <State extends Verdict['state']>(state: State) =>
    verdicts.filter((verdict): verdict is Extract<Verdict, { state: State }> => verdict.state === state);
  const [superseded] = of('superseded').sort((a, b) => b.by - a.by);
  const [first] = [...(superseded ? [superseded] : []), ...of('failed')];
  if (first !== undefined) return first;
  const [progressing, unknown] = [of('progressing'), of('unknown')];
  // What one workload does not tell is worth nothing as long as another may fail.
  if (progressing.length > 0)
    return {
      state: 'progressing',
      ready: progressing.reduce((sum, { ready }) => sum + ready, doneOf(view)),
      wanted: progressing.reduce((sum, { wanted }) => sum + wanted, doneOf(view)),
    };
  return unknown[0] ?? { state: 'live' };
}

/** Pods of workloads that have all of theirs. */
function doneOf(view: View): number {
  const done = partsOf(view).filter((part) => partStatus(part).state === 'live');
  return done.reduce((sum, { workload }) => sum + wantedOf(workload), 0);
}

function partStatus(part: Part): Verdict {
  const { workload, release, fence } = part;
  const { live } = workload;
  const title = titleOf(release, workload);
  if (live === undefined || isLeaving(live))
    return failed(part, {
      weight: 'final',
      reason: `${title} was deleted during the rollout`,
      blame: 'elsewhere',
    });
  const latest = fenceOf(live);
  if (latest > fence) return { state: 'superseded', by: latest };
  const number = releaseNumber(live);
  if (number !== release.number)
    return { state: 'unknown', reason: `${title} carries release ${number}, not ${release.number}` };
  const ended = part.now.getTime() >= patienceEnds(part);
  const wanted = wantedOf(workload);
  if (!isObserved(workload)) {
    // A controller that may not create pods does not get as far as saying that it has seen the change.
    const refused = creationFinding(part);
    if (refused !== undefined && (ended || refused.weight === 'final')) return failed(part, refused);
    return ended ? neverObserved(title) : { state: 'progressing', ready: 0, wanted };
  }
  return isComplete(workload) ? { state: 'live' } : judge(part, wanted, ended);
}

function judge(part: Part, wanted: number, ended: boolean): Verdict {
  const pods = currentPods(part);
  const findings = findingsOf(part, pods);
  const final = findings.find(({ weight }) => weight === 'final');
  if (final !== undefined) return failed(part, final);
  const ready = readyOf(part);
  if (!ended) return { state: 'progressing', ready, wanted };
  const lost = pods.filter((pod) => !isReady(pod)).map(lostNode);
  if (lost.length > 0 && lost.every((node) => node !== undefined))
    return {
      state: 'unknown',
      reason: `the cluster has lost contact with node ${lost[0]}, where its pods are`,
    };
  const [first] = findings;
  if (first !== undefined)
    return failed(part, { ...first, reason: `${first.reason} (${ready} of ${wanted} pods ready)` });
  return { state: 'unknown', reason: `${ready} of ${wanted} pods are ready, and ${silence(part)}` };
}

function silence(part: Part): string {
  const { workload } = part;
  if (workload.kind === 'Deployment' && workload.live?.spec?.paused)
    return 'the Deployment is paused (kubectl rollout resume)';
  const waiting = currentPods(part)
    .flatMap(containersOf)
    .find(({ ready, state }) => !ready && state?.waiting?.reason !== undefined);
  return waiting === undefined
    ? 'the cluster does not say what the others wait for'
    : `of the others the cluster says no more than ${waiting.state?.waiting?.reason}`;
}

// What is listed first explains most: a pod that crashes is also one that is not ready.
function findingsOf(part: Part, pods: readonly Pod[]): Finding[] {
  const creation = creationFinding(part);
  return [
    ...(creation === undefined ? [] : [creation]),
    ...pods.flatMap((pod) => [...imageFindings(part, pod), ...crashFindings(part, pod)]),
    ...pods.flatMap(
      (pod) =>
        schedulingFinding(part, pod) ?? preparationFinding(part, pod) ?? readinessFinding(part, pod) ?? [],
    ),
  ];
}

function failed(part: Part, { reason, evidence, blame }: Finding): Verdict {
  const objects = [part.workload.live, currentReplicaSet(part.workload), ...currentPods(part)];
  return { state: 'failed', reason, details: detailsOf(part, objects, evidence), evidence, blame };
}

function neverObserved(title: string): Verdict {
  return { state: 'unknown', reason: `the cluster's controller has not taken up the change to ${title}` };
}
