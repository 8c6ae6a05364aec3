import type { Deployment } from '../kube/wire.ts';
import { startOf, type View } from './view.ts';

/** What Kubernetes takes for `progressDeadlineSeconds` where it is not set. */
const DEFAULT_SECONDS = 600;

/** Milliseconds that the cluster's own deadline is waited for before ours counts: clocks differ. */
const MARGIN_MS = 3000;

/**
 * When, in milliseconds since the epoch, a rollout without progress has had its time: when the cluster's controller
 * says so, else that long after the last progress it reported. Conditions from before this rollout do not count: the
 * controller leaves them standing for a moment after a change of the template.
 */
export function patienceEnds(view: View, deployment: Deployment): number {
  const start = startOf(view);
  const condition = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  const updated = Date.parse(String(condition?.lastUpdateTime ?? '')) || 0;
  if (condition?.reason === 'ProgressDeadlineExceeded' && updated >= start) return updated;
  const seconds = deployment.spec?.progressDeadlineSeconds ?? DEFAULT_SECONDS;
  // A Deployment may be younger than its release, which waits for an earlier namespace of its name to go.
  const born = Date.parse(String(deployment.metadata?.creationTimestamp ?? '')) || 0;
  const progressed = Math.max(start, born, condition?.status === 'True' ? updated : 0);
  return progressed + seconds * 1000 + MARGIN_MS;
}
