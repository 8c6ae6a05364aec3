import { apiVersionOf, type Kind, qualifiedName } from '../api/kinds.ts';
import { type KubernetesObject, timestamp } from '../object.ts';
import { StatusError } from '../status-error.ts';

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

/** What a client may ask of a deletion. Source: apimachinery `meta/v1.DeleteOptions`. */
export interface DeleteOptions {
  /** Background when absent. */
  propagationPolicy?: PropagationPolicy;
  /** Only pods have a grace; 0 deletes at once. */
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** What to do with the object: remove it now, store it as terminating, or nothing since that is asked already. */
export type Deletion = { do: 'remove' } | { do: 'mark'; object: KubernetesObject } | { do: 'nothing' };

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/**
 * Decides how an object is deleted: at once, or by way of a deletionTimestamp that its kubelet, its finalizers or the
 * namespace controller act on. Source: apiserver `registry/generic/registry/store.go`, `BeforeDelete`.
 * @throws StatusError 409 Conflict when a precondition does not hold
 */
export function decideDeletion(
  kind: Kind,
  object: KubernetesObject,
  options: DeleteOptions,
  now: Date,
): Deletion {
  checkPreconditions(kind, object, options);
  const { metadata } = object;
  const finalizers = wantedFinalizers(metadata.finalizers ?? [], options.propagationPolicy);
  const grace = gracePeriod(object, options);
  const waitsForNamespace = kind.kind === 'Namespace' && namespaceFinalizers(object).length > 0;
  if (finalizers.length === 0 && grace === 0 && !waitsForNamespace) return { do: 'remove' };
  const shortened =
    metadata.deletionGracePeriodSeconds === undefined || grace < metadata.deletionGracePeriodSeconds;
  const sameFinalizers = finalizers.length === (metadata.finalizers ?? []).length;
  if (metadata.deletionTimestamp !== undefined && !shortened && sameFinalizers) return { do: 'nothing' };
  const marked: KubernetesObject = {
    ...object,
    metadata: {
      ...metadata,
      ...(shortened && {
        deletionTimestamp: timestamp(new Date(now.getTime() + 1000 * grace)),
        deletionGracePeriodSeconds: grace,
      }),
      ...(finalizers.length > 0 && { finalizers }),
      ...(metadata.generation !== undefined && { generation: metadata.generation + 1 }),
    },
  };
  if (kind.kind === 'Namespace') marked.status = { ...(object.status as object), phase: 'Terminating' };
  return { do: 'mark', object: marked };
}

/** Whether a terminating object has nothing left to wait for. */
export function isFinished(object: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0) return false;
  if (object.kind === 'Namespace') return namespaceFinalizers(object).length === 0;
  return deletionGracePeriodSeconds === 0;
}

function checkPreconditions(
  kind: Kind,
  { metadata }: KubernetesObject,
  { preconditions = {} }: DeleteOptions,
): void {
  const fail = (what: string, wanted: string, actual: string): never => {
    throw new StatusError(
      'Conflict',
      `Operation cannot be fulfilled on ${qualifiedName(kind)} "${metadata.name}": the ${what} in the precondition (${wanted}) does not match the ${what} in record (${actual}). The object might have been deleted and then recreated`,
      { name: metadata.name, group: kind.group, kind: kind.plural },
    );
  };
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && uid !== metadata.uid) fail('UID', uid, metadata.uid);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    fail('ResourceVersion', resourceVersion, metadata.resourceVersion);
}

function wantedFinalizers(present: readonly string[], policy: PropagationPolicy | undefined): string[] {
  if (policy === undefined) return [...present];
  const others = present.filter((name) => name !== foreground && name !== orphan);
  if (policy === 'Foreground') return [...others, foreground];
  return policy === 'Orphan' ? [...others, orphan] : others;
}

function gracePeriod(object: KubernetesObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (`${object.apiVersion}/${object.kind}` !== `${apiVersionOf({ group: '', version: 'v1' })}/Pod`) return 0;
  const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
  const { phase } = (object.status ?? {}) as { phase?: string };
  // Nobody runs it: there is nothing to wait for.
  if (!spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  return Math.max(0, gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30);
}

function namespaceFinalizers(object: KubernetesObject): readonly string[] {
  return (object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? [];
}
