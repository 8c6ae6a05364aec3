import { admit } from './api/admission/admit.ts';
import { type Kind, storedKind } from './api/kinds.ts';
import { deepFreeze, type KubernetesObject, keyOf, type NewObject, sameJson, timestamp } from './object.ts';
import { StatusError } from './status-error.ts';
import { type DeleteOptions, decideDeletion, isFinished } from './store/deletion.ts';
import { alreadyExists, modified, notFound, otherUid, terminatingNamespace } from './store/errors.ts';
import { type EventObject, type EventType, newEvent, referenceTo, tells } from './store/events.ts';
import { History, type WatchEvent, type WatchListener } from './store/history.ts';
import { parseFieldSelector, parseLabelSelector } from './store/selectors.ts';
import { changedObject, newObject, suffix, type WriteContext, type WriteOptions } from './store/writes.ts';

export interface ListOptions {
  /** All namespaces when absent. */
  namespace?: string;
  /** As in a URL: `app=web,tier in (a,b)`. */
  labelSelector?: string;
  /** As in a URL: `status.phase=Running`. */
  fieldSelector?: string;
}

export interface List<T extends KubernetesObject = KubernetesObject> {
  items: readonly T[];
  /** Where a watch has to start to miss nothing after this list. */
  resourceVersion: string;
}

/** How many changes watches can look back upon. */
const historySize = 2_000;
/** Events are kept as long as there are no more than this many in their namespace; real clusters keep them an hour. */
const eventsPerNamespace = 500;

/**
 * All objects of the cluster, in memory: nothing survives a restart of the local cloud. Every object that is handed
 * out is frozen; clone it (`structuredClone`) to change it and hand the clone to `update`.
 *
 * Writes are synchronous, so a read and the write that follows it in the same turn cannot conflict.
 */
export class Store {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #history: History;
  readonly #now: () => Date;
  #revision = 1;

  constructor(options: { historySize?: number; now?: () => Date } = {}) {
    this.#history = new History(options.historySize ?? historySize);
    this.#now = options.now ?? (() => new Date());
  }

  /** The newest resourceVersion. */
  get resourceVersion(): string {
    return String(this.#revision);
  }

  /** The object, frozen, or undefined. Cluster-scoped kinds have no namespace. */
  get<T extends KubernetesObject = KubernetesObject>(
    kind: string,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#all(kind).get(keyOf(namespace, name)) as T | undefined;
  }

  /** The selected objects in the order of namespace and name. */
  list<T extends KubernetesObject = KubernetesObject>(kind: string, options: ListOptions = {}): List<T> {
    const hasLabels = parseLabelSelector(options.labelSelector);
    const hasFields = parseFieldSelector(kind, options.fieldSelector);
    const { namespace } = options;
    const items = [...this.#all(kind).values()]
      .filter((each) => namespace === undefined || each.metadata.namespace === namespace)
      .filter((each) => hasLabels(each) && hasFields(each))
      .sort((a, b) =>
        keyOf(a.metadata.namespace, a.metadata.name) < keyOf(b.metadata.namespace, b.metadata.name) ? -1 : 1,
      );
    return { items: items as KubernetesObject[] as T[], resourceVersion: this.resourceVersion };
  }

  /**
   * Stores a new object: gives it a name when it only has `generateName`, its uid, times and resourceVersion.
   * @throws StatusError AlreadyExists; NotFound or Forbidden when its namespace is absent or terminating, or a quota exceeded
   */
  create<T extends KubernetesObject = KubernetesObject>(object: NewObject<T>, options: WriteOptions = {}): T {
    const kind = kindOf(object.kind);
    const { name = '', resourceVersion = '' } = object.metadata;
    const namespace = kind.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
    if (namespace !== undefined) this.#requireNamespace(kind, namespace, name);
    if (resourceVersion !== '')
      throw new StatusError('BadRequest', 'resourceVersion should not be set on objects to be created');
    if (name !== '' && this.get(object.kind, namespace, name)) throw alreadyExists(kind, name);
    const created = newObject(kind, object, options, this.#context());
    if (namespace !== undefined) admit(created, namespace, this);
    return (options.dryRun ? created : this.#put('ADDED', created)) as T;
  }

  /**
   * Replaces the object, or with a subresource only that part of it. A resourceVersion in it is an optimistic lock.
   * What changes nothing keeps the resourceVersion. Taking the last finalizer off a terminating object removes it.
   * @throws StatusError NotFound, Conflict
   */
  update<T extends KubernetesObject = KubernetesObject>(object: T, options: WriteOptions = {}): T {
    const kind = kindOf(object.kind);
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const previous = this.get(object.kind, namespace, name);
    if (!previous) throw notFound(kind, name);
    if (resourceVersion && resourceVersion !== previous.metadata.resourceVersion) throw modified(kind, name);
    if (uid && uid !== previous.metadata.uid) throw otherUid(kind, name, uid, previous.metadata.uid);
    const next = changedObject(kind, previous, object, options, this.#context());
    if (sameJson(next, previous)) return previous as T;
    if (options.dryRun) return next as T;
    if (isFinished(next)) return this.#remove(next) as T;
    return this.#put('MODIFIED', next, previous) as T;
  }

  /**
   * Changes the status, and annotations, in place: `mutate` gets a copy of the newest object.
   * @returns the object as stored, or undefined when it is gone
   */
  patchStatus<T extends KubernetesObject = KubernetesObject>(
    kind: string,
    namespace: string | undefined,
    name: string,
    mutate: (draft: T) => void,
    options: Pick<WriteOptions, 'owner'> = {},
  ): T | undefined {
    const current = this.get<T>(kind, namespace, name);
    if (!current) return undefined;
    const draft = structuredClone(current);
    mutate(draft);
    return this.update(draft, { ...options, subresource: 'status' });
  }

  /**
   * Deletes the object, or marks it as terminating when it has finalizers or, a pod, is being run by a kubelet, which
   * then deletes it with `gracePeriodSeconds: 0`.
   * @throws StatusError NotFound, Conflict
   */
  delete<T extends KubernetesObject = KubernetesObject>(
    kind: string,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions & { dryRun?: boolean } = {},
  ): { object: T; removed: boolean } {
    const object = this.get(kind, namespace, name);
    if (!object) throw notFound(kindOf(kind), name);
    const decision = decideDeletion(kindOf(kind), object, options, this.#now());
    if (decision.do === 'nothing') return { object: object as T, removed: false };
    const removed = decision.do === 'remove';
    const { object: left } = removed ? { object } : decision;
    if (options.dryRun) return { object: left as T, removed };
    return { object: (removed ? this.#remove(object) : this.#put('MODIFIED', left, object)) as T, removed };
  }

  /**
   * Calls the listener for every change of that kind after `resourceVersion` (of a list), in their order and never
   * from inside a write. The listener may write to the store.
   * @returns how to stop it
   * @throws StatusError 410 Expired when that is too long ago: list again
   */
  watch<T extends KubernetesObject = KubernetesObject>(
    kind: string,
    resourceVersion: string,
    listener: WatchListener<T>,
  ): () => void {
    kindOf(kind);
    return this.#history.watch(kind, Number(resourceVersion), listener as WatchListener);
  }

  /**
   * Tells what happened to an object, or to its part `fieldPath` (`spec.containers{web}`), as a core/v1 Event; what
   * was told before is counted.
   */
  recordEvent(
    involvedObject: KubernetesObject,
    type: EventType,
    reason: string,
    message: string,
    component: string,
    { fieldPath }: { fieldPath?: string } = {},
  ): void {
    const about = referenceTo(involvedObject, fieldPath);
    const occurrence = { involvedObject: about, type, reason, message, component };
    const namespace = involvedObject.metadata.namespace ?? 'default';
    // The namespace may be going: its last events have nowhere to be written.
    if (this.get('Namespace', undefined, namespace)?.metadata.deletionTimestamp !== undefined) return;
    const { items } = this.list<EventObject>('Event', { namespace });
    const known = items.find((event) => tells(event, occurrence));
    if (known) {
      this.update({ ...known, count: known.count + 1, lastTimestamp: timestamp(this.#now()) });
      return;
    }
    if (items.length >= eventsPerNamespace) this.#forgetOldest(items);
    this.create(newEvent(occurrence, `${this.#revision.toString(16)}${suffix(6)}`, this.#now()));
  }

  #all(kind: string): Map<string, KubernetesObject> {
    let objects = this.#objects.get(kind);
    if (!objects) {
      kindOf(kind);
      objects = new Map();
      this.#objects.set(kind, objects);
    }
    return objects;
  }

  #put(type: WatchEvent['type'], object: KubernetesObject, previous?: KubernetesObject): KubernetesObject {
    this.#revision += 1;
    const { namespace, name } = object.metadata;
    const stored = deepFreeze({
      ...object,
      metadata: { ...object.metadata, resourceVersion: this.resourceVersion },
    });
    if (type === 'DELETED') this.#all(object.kind).delete(keyOf(namespace, name));
    else this.#all(object.kind).set(keyOf(namespace, name), stored);
    this.#history.append(this.#revision, object.kind, {
      type,
      object: stored,
      ...(previous && { previous }),
    });
    return stored;
  }

  #remove(object: KubernetesObject): KubernetesObject {
    return this.#put('DELETED', object, object);
  }

  #requireNamespace(kind: Kind, namespace: string, name: string): void {
    const found = this.get('Namespace', undefined, namespace);
    if (!found) throw notFound(kindOf('Namespace'), namespace);
    if (found.metadata.deletionTimestamp !== undefined) throw terminatingNamespace(kind, name, namespace);
  }

  #context(): WriteContext {
    return { now: this.#now(), services: () => this.list('Service').items };
  }

  #forgetOldest(events: readonly EventObject[]): void {
    const oldest = [...events]
      .sort((a, b) => (a.lastTimestamp < b.lastTimestamp ? -1 : 1))
      .slice(0, 1 + events.length - eventsPerNamespace);
    for (const { metadata } of oldest) this.delete('Event', metadata.namespace, metadata.name);
  }
}

function kindOf(kind: string): Kind {
  const found = storedKind(kind);
  if (!found) throw new StatusError('BadRequest', `no kind "${kind}" is registered in this cluster`);
  return found;
}
