import type { Deployment, ReplicaSet } from '../types.ts';
import { desiredAnnotation, maximumAnnotation } from './proportional.ts';
import { boundsOf, wanted } from './strategy.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';

/** Annotations of a Deployment that say something of it alone. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maximumAnnotation,
  'deprecated.deployment.rollback.to',
]);

function revisionOf({ metadata }: ReplicaSet | Deployment): number {
  return Number(metadata.annotations?.[revisionAnnotation] ?? 0);
}

/**
 * What the current ReplicaSet's annotations have to be: the Deployment's own, its size, and the newest revision; one
 * that comes back, by a rollback, gets a new revision and remembers its earlier ones.
 */
export function annotationsOf(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Record<string, string> {
  const before = current?.metadata.annotations ?? {};
  const newest = Math.max(0, ...old.map(revisionOf)) + 1;
  const known = current ? revisionOf(current) : 0;
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !ownAnnotations.has(key),
  );
  const history = before[historyAnnotation];
  const earlier = known > 0 && known < newest ? [history, known].filter(Boolean).join(',') : history;
  return {
    ...before,
    ...Object.fromEntries(copied),
    ...sizeAnnotations(deployment),
    [revisionAnnotation]: String(Math.max(known, newest)),
    ...(earlier !== undefined && earlier !== '' && { [historyAnnotation]: earlier }),
  };
}

export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = wanted(deployment);
  return {
    [desiredAnnotation]: String(replicas),
    [maximumAnnotation]: String(replicas + boundsOf(deployment).maxSurge),
  };
}

/** The old ReplicaSets past the history limit: the oldest revisions of those that have no pods any more. */
export function planCleanup(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const idle = old.filter(
    (each) =>
      wanted(each) === 0 &&
      (each.status?.replicas ?? 0) === 0 &&
      (each.status?.observedGeneration ?? 0) >= (each.metadata.generation ?? 0) &&
      each.metadata.deletionTimestamp === undefined,
  );
  const surplus =
    old.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length -
    (deployment.spec.revisionHistoryLimit ?? 10);
  return idle.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, surplus));
}
