import type { KubernetesObject } from '../object.ts';
import type { Store } from '../store.ts';
import { controllerReference } from './owners.ts';
import type { Pod, PodTemplate } from './types.ts';

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

/** How long until the pod has been ready for `minReadySeconds`, in milliseconds; undefined while it is not ready. */
export function availableIn(pod: Pod, minReadySeconds: number, now: Date): number | undefined {
  const since = readySince(pod);
  if (since === undefined || minReadySeconds === 0) return since === undefined ? undefined : 0;
  return Math.max(0, Date.parse(since) + 1_000 * minReadySeconds - now.getTime());
}

/**
 * Makes a pod of `owner` by its template; it is named after it, or `name`.
 * @throws StatusError what the API server says to it, which the owner's events tell, too
 */
export function createPod(
  store: Store,
  owner: KubernetesObject,
  { metadata, spec }: PodTemplate,
  component: string,
  name?: string,
): Pod {
  const { namespace } = owner.metadata;
  try {
    const pod = store.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        ...(name === undefined ? { generateName: `${owner.metadata.name}-` } : { name }),
        ...(namespace !== undefined && { namespace }),
        ownerReferences: [controllerReference(owner)],
      },
      spec,
    });
    store.recordEvent(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, component);
    return pod;
  } catch (error) {
    const message = `Error creating: ${(error as Error).message}`;
    store.recordEvent(owner, 'Warning', 'FailedCreate', message, component);
    throw error;
  }
}

export function removePod(
  store: Store,
  owner: KubernetesObject,
  { metadata: { namespace, name } }: Pod,
  component: string,
): void {
  store.delete('Pod', namespace, name);
  store.recordEvent(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`, component);
}
