import type { KubernetesObject } from '../object.ts';
import type { Store } from '../store.ts';
import { controllerReference, planClaim } from './owners.ts';

/** Adopts and releases, and returns those objects that the owner owns then. */
export function claimAll<T extends KubernetesObject>(
  store: Store,
  owner: KubernetesObject,
  objects: readonly T[],
  isSelected: (object: T) => boolean,
): T[] {
  return objects.flatMap((object) => {
    const claim = planClaim(owner, object, isSelected(object));
    if (claim === 'ignore') return [];
    if (claim === 'own') return [object];
    const others = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
    const ownerReferences = claim === 'adopt' ? [...others, controllerReference(owner)] : others;
    const changed = store.update<T>({ ...object, metadata: { ...object.metadata, ownerReferences } });
    return claim === 'adopt' ? [changed] : [];
  });
}
