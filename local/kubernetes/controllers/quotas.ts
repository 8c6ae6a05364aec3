import { everythingIn } from '../api/admission/admit.ts';
import { quotaStatus, type ResourceQuota } from '../api/admission/quota.ts';
import { sameJson } from '../object.ts';
import type { Store } from '../store.ts';

/** Writes into a namespace's quotas what is used of them. */
export function reconcileQuotas(store: Store, namespace: string): void {
  const quotas = store.list<ResourceQuota>('ResourceQuota', { namespace }).items;
  if (quotas.length === 0) return;
  const objects = everythingIn(store, namespace);
  for (const quota of quotas) {
    const status = quotaStatus(quota, objects);
    if (sameJson(status, quota.status)) continue;
    store.patchStatus<ResourceQuota>('ResourceQuota', namespace, quota.metadata.name, (draft) => {
      draft.status = status;
    });
  }
}
