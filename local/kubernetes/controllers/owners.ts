import type { KubernetesObject, OwnerReference } from '../object.ts';

/** The one owner that manages the object. */
export function controllerOf({ metadata }: KubernetesObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller);
}

export function controllerReference({
  apiVersion,
  kind,
  metadata: { name, uid },
}: KubernetesObject): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** What a controller does about an object that it could own. */
export type Claim = 'own' | 'adopt' | 'release' | 'ignore';

/**
 * Decides about one object: what is owned and no longer selected is released, what is selected and nobody's is
 * adopted. Source: Kubernetes `controller_ref_manager.go`.
 */
export function planClaim(owner: KubernetesObject, object: KubernetesObject, isSelected: boolean): Claim {
  const reference = controllerOf(object);
  if (reference) {
    if (reference.uid !== owner.metadata.uid) return 'ignore';
    return isSelected || owner.metadata.deletionTimestamp ? 'own' : 'release';
  }
  const isGoing = owner.metadata.deletionTimestamp ?? object.metadata.deletionTimestamp;
  return isSelected && !isGoing ? 'adopt' : 'ignore';
}
