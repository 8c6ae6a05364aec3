import type { Pod } from './types.ts';

/** A pod that counts: it may still serve. */
export function isActive({ status, metadata }: Pod): boolean {
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  return !isOver && metadata.deletionTimestamp === undefined;
}

/** When the pod became ready, undefined while it is not. */
export function readySince({ status }: Pod): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? (ready.lastTransitionTime ?? '') : undefined;
}
