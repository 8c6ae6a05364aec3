import { randomInt, randomUUID } from 'node:crypto';
import { ownersAfterUpdate } from '../api/fields/ownership.ts';
import type { Kind } from '../api/kinds.ts';
import type { Draft } from '../api/strategy/json.ts';
import { complete, prepareForCreate, prepareForUpdate } from '../api/strategy/strategy.ts';
import { type KubernetesObject, type NewObject, sameJson, timestamp } from '../object.ts';

export interface WriteOptions {
  /** The part of the object that is written; the rest of it stays as it is. */
  subresource?: 'status' | 'scale' | 'finalize';
  /** Answers what would be stored, and stores nothing. */
  dryRun?: boolean;
  /**
   * Who owns what is written: a field manager's name (kube-controller-manager when absent), or `as given` when the
   * managedFields in the object are right as they are, which is what server-side apply leaves behind.
   */
  owner?: { manager: string } | 'as given';
}

/** What a write needs besides the object. */
export interface WriteContext {
  now: Date;
  /** All Services: their addresses are taken. */
  services: () => readonly KubernetesObject[];
}

const controllers = { manager: 'kube-controller-manager' };

/** A new object, complete and valid but for its resourceVersion. @throws StatusError 422 Invalid */
export function newObject(
  kind: Kind,
  given: NewObject,
  options: WriteOptions,
  { now, services }: WriteContext,
): KubernetesObject {
  const { generateName, name = '' } = given.metadata;
  const metadata = {
    ...given.metadata,
    name: name === '' && generateName ? `${generateName}${suffix(5)}` : name,
    ...(kind.namespaced && { namespace: given.metadata.namespace ?? 'default' }),
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: timestamp(now),
    ...(kind.counted && { generation: 1 }),
  };
  if (!kind.namespaced) delete metadata.namespace;
  const object = structuredClone({ ...given, metadata }) as Draft;
  complete(object);
  const { owner = controllers } = options;
  if (owner !== 'as given')
    object.metadata.managedFields = ownersAfterUpdate(undefined, withoutStatus(kind, object), {
      ...owner,
      now,
    });
  prepareForCreate(kind, object, services);
  return object;
}

/** The object as it is after the write, valid but for its resourceVersion. @throws StatusError 422 Invalid */
export function changedObject(
  kind: Kind,
  previous: KubernetesObject,
  given: KubernetesObject,
  { subresource, owner = controllers }: WriteOptions,
  { now, services }: WriteContext,
): KubernetesObject {
  const next = merge(kind, previous, structuredClone(given), subresource);
  complete(next);
  if (owner !== 'as given') {
    const writer = { manager: owner.manager, now, ...(subresource !== undefined && { subresource }) };
    next.metadata.managedFields = ownersAfterUpdate(previous, next, writer);
  }
  if (subresource === undefined) prepareForUpdate(kind, next, previous as Draft, services);
  if (kind.counted && subresource !== 'status' && isCounted(previous, next))
    next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
  return next;
}

/** The object with the written part replaced, and what only the store may write kept. */
function merge(
  kind: Kind,
  previous: KubernetesObject,
  given: KubernetesObject,
  subresource: WriteOptions['subresource'],
): Draft {
  const { metadata } = previous;
  const { managedFields } = given.metadata;
  const before = structuredClone(previous) as Draft;
  if (managedFields !== undefined) before.metadata.managedFields = managedFields;
  if (subresource === 'status') {
    // Controllers write annotations with the status: a Deployment's revision is no new generation.
    const { annotations } = given.metadata;
    return { ...before, status: (given as Draft).status, metadata: { ...before.metadata, annotations } };
  }
  if (subresource === 'finalize') return { ...before, spec: (given as Draft).spec };
  if (subresource === 'scale')
    return { ...before, spec: { ...before.spec, replicas: (given as Draft).spec?.replicas } };
  const {
    uid,
    resourceVersion,
    creationTimestamp,
    generation,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  } = metadata;
  const kept = {
    uid,
    resourceVersion,
    creationTimestamp,
    generation,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  };
  const next = { ...given, metadata: { ...given.metadata, ...kept } } as Draft;
  if (kind.subresources.includes('status')) next.status = before.status;
  // A namespace is emptied before it goes: only `finalize` says that this is done.
  if (kind.kind === 'Namespace') next.spec = before.spec;
  return JSON.parse(JSON.stringify(next)) as Draft;
}

/** Nobody owns a status that is not stored. */
function withoutStatus(kind: Kind, object: Draft): Draft {
  if (!kind.subresources.includes('status')) return object;
  const { status: _, ...rest } = object;
  return rest as Draft;
}

/** A new generation is a new spec; for a Deployment also new annotations, as its strategy has it. */
function isCounted(previous: KubernetesObject, next: KubernetesObject): boolean {
  if (!sameJson(previous.spec, next.spec)) return true;
  return next.kind === 'Deployment' && !sameJson(previous.metadata.annotations, next.metadata.annotations);
}

/** Random letters and digits that make no words. Source: apimachinery `util/rand`. */
export function suffix(length: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
