import { readySince } from '../pods.ts';
import type { Pod } from '../types.ts';

const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * Sorts the pods that are missed least first: not placed, not running, not ready, cheap by annotation, ready for a
 * shorter time, restarted more often, newer. Source: Kubernetes `ActivePodsWithRanks.Less`.
 */
export function byDeletionOrder(a: Pod, b: Pod): number {
  return (
    placed(a) - placed(b) ||
    running(a) - running(b) ||
    ready(a) - ready(b) ||
    cost(a) - cost(b) ||
    newer(readySince(a), readySince(b)) ||
    restarts(b) - restarts(a) ||
    newer(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}

function placed({ spec }: Pod): number {
  return spec.nodeName ? 1 : 0;
}

function running({ status }: Pod): number {
  return status?.phase === 'Running' ? 1 : 0;
}

function ready(pod: Pod): number {
  return readySince(pod) === undefined ? 0 : 1;
}

function cost({ metadata }: Pod): number {
  return Number(metadata.annotations?.[costAnnotation] ?? 0) || 0;
}

function restarts({ status }: Pod): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

function newer(a = '', b = ''): number {
  return a === b ? 0 : a > b ? -1 : 1;
}
