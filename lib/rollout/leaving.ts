import type { Event } from '../kube/wire.ts';
import { podSpecOf } from './pod-spec.ts';
import { type Facts, isLeaving, timeOf } from './view.ts';

/** Kubernetes' `terminationGracePeriodSeconds` where it is not set. */
const DEFAULT_GRACE = 30;
/** Milliseconds after a pod's grace until it is gone and no quota counts it. */
const GONE_MS = 5_000;

/**
 * Whether pods were on their way out at `at` (milliseconds since the epoch), or may have been: a quota counts them to the
 * end, and no Deployment waits for them. Nobody tells when a pod went, but the kubelet when it began to end it.
 */
export function wereLeaving(facts: Facts, at: number): boolean {
  if (facts.pods.some(isLeaving)) return true;
  const staying = new Set(facts.pods.map(({ metadata }) => metadata?.uid));
  const most = graceOf(facts) * 1000 + GONE_MS;
  const isEnding = ({ reason, involvedObject }: Event) =>
    reason === 'Killing' && involvedObject?.kind === 'Pod' && !staying.has(involvedObject.uid);
  return facts.events.some((event) => isEnding(event) && at <= timeOf(event) + most);
}

/** Seconds: the longest of the release, whose pods follow on others much like them. */
function graceOf({ release }: Facts): number {
  const graces = release.resources.map(
    (resource) => (podSpecOf(resource) as { terminationGracePeriodSeconds?: number } | undefined) ?? {},
  );
  return Math.max(
    DEFAULT_GRACE,
    ...graces.map(({ terminationGracePeriodSeconds: grace }) => grace ?? DEFAULT_GRACE),
  );
}
