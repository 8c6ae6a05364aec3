import { kinds } from '../api/kinds.ts';
import type { KubernetesObject } from '../object.ts';
import type { PropagationPolicy } from '../store/deletion.ts';
import type { Store } from '../store.ts';

const allKinds = [...new Set(kinds.filter(({ stored }) => stored).map(({ kind }) => kind))];
const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/** What becomes of an object by its owners. */
export type Fate = 'stays' | 'goes' | 'is-freed';

/**
 * Decides about an object that has owners: it stays as long as one of them does, and goes with the last. Owners that
 * are deleted with `Orphan` free it. Source: Kubernetes `garbagecollector.go`.
 * @param ownerOf the owner by its uid, undefined when it is gone
 */
export function planFate(
  { metadata }: KubernetesObject,
  ownerOf: (uid: string) => KubernetesObject | undefined,
): Fate {
  const owners = (metadata.ownerReferences ?? []).map(({ uid }) => ownerOf(uid));
  if (owners.length === 0) return 'stays';
  const isLeaving = (owner: KubernetesObject | undefined, finalizer: string) =>
    owner?.metadata.deletionTimestamp !== undefined && owner.metadata.finalizers?.includes(finalizer);
  if (owners.some((owner) => isLeaving(owner, orphan))) return 'is-freed';
  return owners.every((owner) => owner === undefined || isLeaving(owner, foreground)) ? 'goes' : 'stays';
}

/** Deletes or frees what an owner leaves behind, and lets the owner go that waits for that. */
export function collectGarbage(store: Store, ownerUid: string): void {
  const everything = allKinds.flatMap((kind) => store.list(kind).items);
  const byUid = new Map(everything.map((object) => [object.metadata.uid, object]));
  const owner = byUid.get(ownerUid);
  const dependents = everything.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uid === ownerUid),
  );
  for (const dependent of dependents) {
    const fate = planFate(dependent, (uid) => byUid.get(uid));
    if (fate === 'goes' && !dependent.metadata.deletionTimestamp)
      // What waits for its dependents waits for theirs too.
      remove(store, dependent, owner && hasDependents(everything, dependent) ? 'Foreground' : 'Background');
    if (fate === 'is-freed') free(store, dependent, ownerUid);
  }
  if (owner?.metadata.deletionTimestamp) release(store, owner.kind, owner, ownerUid);
}

function hasDependents(everything: readonly KubernetesObject[], owner: KubernetesObject): boolean {
  const { uid } = owner.metadata;
  return everything.some(({ metadata }) => metadata.ownerReferences?.some((each) => each.uid === uid));
}

function remove(
  store: Store,
  { kind, metadata }: KubernetesObject,
  propagationPolicy: PropagationPolicy,
): void {
  if (!store.get(kind, metadata.namespace, metadata.name)) return;
  store.delete(kind, metadata.namespace, metadata.name, { propagationPolicy });
}

function free(store: Store, dependent: KubernetesObject, ownerUid: string): void {
  const ownerReferences = dependent.metadata.ownerReferences?.filter(({ uid }) => uid !== ownerUid) ?? [];
  store.update({ ...dependent, metadata: { ...dependent.metadata, ownerReferences } });
}

/** Takes the garbage collector's finalizers off an owner that has nothing left to wait for. */
function release(store: Store, kind: string, { metadata }: KubernetesObject, uid: string): void {
  const owner = store.get(kind, metadata.namespace, metadata.name);
  if (owner?.metadata.uid !== uid) return;
  const isBlocked = allKinds
    .flatMap((each) => store.list(each).items)
    .some((object) =>
      object.metadata.ownerReferences?.some((each) => each.uid === uid && each.blockOwnerDeletion),
    );
  const finalizers = owner.metadata.finalizers?.filter(
    (name) => name !== orphan && (name !== foreground || isBlocked),
  );
  if (finalizers?.length === owner.metadata.finalizers?.length) return;
  store.update({ ...owner, metadata: { ...owner.metadata, finalizers: finalizers ?? [] } });
}
