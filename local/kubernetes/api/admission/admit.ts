import type { KubernetesObject } from '../../object.ts';
import { kinds } from '../kinds.ts';
import { admitByLimitRange, type LimitRange } from './limit-range.ts';
import { admitByQuota, type ResourceQuota } from './quota.ts';

/** Tells what is in a namespace. */
interface Lister {
  list<T extends KubernetesObject>(kind: string, options: { namespace: string }): { items: readonly T[] };
}

/**
 * Lets a new object into its namespace, or not. Limits first, as Kubernetes has it: what they fill in, in place, counts
 * for the quotas.
 * @throws StatusError 403 Forbidden
 */
export function admit(created: KubernetesObject, namespace: string, store: Lister): void {
  if (created.kind === 'Event') return;
  if (created.kind === 'Pod')
    admitByLimitRange(created, store.list<LimitRange>('LimitRange', { namespace }).items);
  const quotas = store.list<ResourceQuota>('ResourceQuota', { namespace }).items;
  if (quotas.length > 0) admitByQuota(created, quotas, () => everythingIn(store, namespace));
}

/** Everything in a namespace but its events, which are many and bounded otherwise. */
export function everythingIn(store: Lister, namespace: string): KubernetesObject[] {
  const names = new Set(
    kinds.filter(({ stored, namespaced }) => stored && namespaced).map(({ kind }) => kind),
  );
  names.delete('Event');
  return [...names].flatMap((kind) => store.list(kind, { namespace }).items);
}
