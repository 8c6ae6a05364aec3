import { fenceOf } from '../kube/owner.ts';
import type { Deployment, Pod } from '../kube/wire.ts';
import { crashFindings } from './crash.ts';
import { detailsOf } from './details.ts';
import { imageFindings } from './image-pull.ts';
import { patienceEnds } from './patience.ts';
import { creationFinding, lostNode, preparationFinding, schedulingFinding } from './placement.ts';
import { readinessFinding } from './readiness.ts';
import type { Finding, Verdict } from './verdict.ts';
import { currentPods, currentReplicaSet, isReady, releaseNumber, type View } from './view.ts';

/**
 * How the rollout of `view.release` stands. It is called failed early by what cannot heal, and by anything else only
 * when the Deployment has made no progress for as long as its `progressDeadlineSeconds`.
 */
export function status(view: View): Verdict {
  const { deployment, release, fence } = view;
  const name = `Deployment ${release.namespace}/${release.app}`;
  if (deployment === undefined || deployment.metadata?.deletionTimestamp !== undefined)
    return failed(view, {
      weight: 'final',
      reason: `${name} was deleted during the rollout`,
      blame: 'elsewhere',
    });
  const latest = fenceOf(deployment);
  if (latest > fence) return { state: 'superseded', by: latest };
  const number = releaseNumber(deployment);
  if (number !== release.number)
    return { state: 'unknown', reason: `${name} carries release ${number}, not ${release.number}` };
  const wanted = deployment.spec?.replicas ?? 1;
  const ended = view.now.getTime() >= patienceEnds(view, deployment);
  if ((deployment.status?.observedGeneration ?? 0) < (deployment.metadata?.generation ?? 0))
    return ended ? neverObserved(name) : { state: 'progressing', ready: 0, wanted };
  if (isComplete(deployment, wanted)) return { state: 'live' };
  return judge(view, wanted, ended);
}

/** As `kubectl rollout status` says it: every pod is of this template, and serves. */
function isComplete(
  { status: { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = {} }: Deployment,
  wanted: number,
) {
  return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
}

function judge(view: View, wanted: number, ended: boolean): Verdict {
  const pods = currentPods(view);
  const findings = findingsOf(view, pods);
  const final = findings.find(({ weight }) => weight === 'final');
  if (final !== undefined) return failed(view, final);
  const ready = currentReplicaSet(view)?.status?.readyReplicas ?? 0;
  if (!ended) return { state: 'progressing', ready, wanted };
  const lost = pods.filter((pod) => !isReady(pod)).map(lostNode);
  if (lost.length > 0 && lost.every((node) => node !== undefined))
    return {
      state: 'unknown',
      reason: `the cluster has lost contact with node ${lost[0]}, where its pods are`,
    };
  const [first] = findings;
  if (first !== undefined)
    return failed(view, { ...first, reason: `${first.reason} (${ready} of ${wanted} pods ready)` });
  const why = view.deployment?.spec?.paused
    ? 'the Deployment is paused (kubectl rollout resume)'
    : 'the cluster does not say what the others wait for';
  return { state: 'unknown', reason: `${ready} of ${wanted} pods are ready, and ${why}` };
}

// What is listed first explains most: a pod that crashes is also one that is not ready.
function findingsOf(view: View, pods: readonly Pod[]): Finding[] {
  const creation = creationFinding(view);
  return [
    ...(creation === undefined ? [] : [creation]),
    ...pods.flatMap((pod) => [...imageFindings(view, pod), ...crashFindings(view, pod)]),
    ...pods.flatMap(
      (pod) => schedulingFinding(pod) ?? preparationFinding(view, pod) ?? readinessFinding(view, pod) ?? [],
    ),
  ];
}

function failed(view: View, { reason, evidence, blame }: Finding): Verdict {
  return { state: 'failed', reason, details: detailsOf(view, evidence), evidence, blame };
}

function neverObserved(name: string): Verdict {
  return { state: 'unknown', reason: `the cluster's controller has not taken up the change to ${name}` };
}
