import { kinds } from '../api/kinds.ts';
import { type KubernetesObject, keyOf } from '../object.ts';
import type { WatchEvent } from '../store/history.ts';
import type { Store } from '../store.ts';
import { reconcileCronJob } from './cronjob/controller.ts';
import { reconcileDaemonSet } from './daemonset/controller.ts';
import { reconcileDeployment } from './deployment/controller.ts';
import { reconcileEndpoints } from './endpoints/controller.ts';
import { collectGarbage } from './garbage.ts';
import { reconcileJob } from './job/controller.ts';
import { isSelected } from './labels.ts';
import { reconcileNamespace } from './namespaces.ts';
import { controllerOf } from './owners.ts';
import { reconcileQuotas } from './quotas.ts';
import { reconcileReplicaSet } from './replicaset/controller.ts';
import { reconcileStatefulSet } from './statefulset/controller.ts';
import type { LabelSelector, Service } from './types.ts';
import { WorkQueue } from './work-queue.ts';

/** By the kind of what owns pods, how it is reconciled. */
const podOwners = {
  ReplicaSet: reconcileReplicaSet,
  Job: reconcileJob,
  StatefulSet: reconcileStatefulSet,
  DaemonSet: reconcileDaemonSet,
} as const;

/**
 * Runs the controllers of workloads, Jobs and CronJobs, Endpoints, quotas, owners and namespaces. They act on changes
 * and at times only, and use no processor time between them. Autoscalers and disruption budgets are stored and not
 * acted upon.
 * @returns how to stop them
 */
export function startControllers(store: Store): () => void {
  const named = (reconcile: (store: Store, namespace: string, name: string) => number | undefined) =>
    new WorkQueue((key) => {
      const [namespace = '', name = ''] = key.split('/');
      return reconcile(store, namespace, name);
    });
  const deployments = named(reconcileDeployment);
  const owners = Object.entries(podOwners).map(([kind, reconcile]) => ({ kind, queue: named(reconcile) }));
  const cronJobs = named(reconcileCronJob);
  const endpoints = named(reconcileEndpoints);
  const garbage = new WorkQueue((uid) => {
    collectGarbage(store, uid);
    return undefined;
  });
  const quotas = new WorkQueue((namespace) => {
    reconcileQuotas(store, namespace);
    return undefined;
  });
  const namespaces = new WorkQueue((name) => {
    reconcileNamespace(store, name);
    return undefined;
  });
  const stops = [
    watch(store, 'Deployment', ({ object }) => deployments.add(key(object))),
    watch(store, 'ReplicaSet', ({ object }) => addOwners(store, deployments, 'Deployment', object)),
    ...owners.map(({ kind, queue }) => watch(store, kind, ({ object }) => queue.add(key(object)))),
    watch(store, 'CronJob', ({ object }) => cronJobs.add(key(object))),
    watch(store, 'Job', ({ object }) => addControllers(cronJobs, 'CronJob', object)),
    watch(store, 'Pod', (event) => {
      for (const { kind, queue } of owners) addOwners(store, queue, kind, event.object);
      addServices(store, endpoints, event);
      addRecreating(store, deployments, event);
    }),
    watch(store, 'Service', ({ object }) => endpoints.add(key(object))),
    watch(store, 'Namespace', ({ object }) => namespaces.add(object.metadata.name)),
    ...[...new Set(kinds.filter(({ stored }) => stored).map(({ kind }) => kind))].map((kind) =>
      watch(store, kind, (event) => {
        addGarbage(garbage, event);
        const { namespace } = event.object.metadata;
        if (namespace === undefined || kind === 'Event') return;
        if (event.type === 'DELETED') namespaces.add(namespace);
        quotas.add(namespace);
      }),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
    const queues = [
      deployments,
      ...owners.map(({ queue }) => queue),
      cronJobs,
      endpoints,
      garbage,
      quotas,
      namespaces,
    ];
    for (const queue of queues) queue.close();
  };
}

/** Tells of what is there and of every change. */
function watch(store: Store, kind: string, listener: (event: WatchEvent) => void): () => void {
  const { items, resourceVersion } = store.list(kind);
  for (const object of items) listener({ type: 'ADDED', object });
  return store.watch(kind, resourceVersion, listener);
}

function key({ metadata }: KubernetesObject): string {
  return keyOf(metadata.namespace, metadata.name);
}

type Selecting = KubernetesObject & { spec: { selector?: LabelSelector } };

/** The owner, or when there is none all that could adopt the object. */
function addOwners(store: Store, queue: WorkQueue, kind: string, object: KubernetesObject): void {
  const { namespace } = object.metadata;
  if (addControllers(queue, kind, object)) return;
  const candidates = store.list<Selecting>(kind, namespace === undefined ? {} : { namespace }).items;
  for (const candidate of candidates)
    if (isSelected(object.metadata.labels, candidate.spec.selector ?? {})) queue.add(key(candidate));
}

/** @returns whether the object has an owner */
function addControllers(queue: WorkQueue, kind: string, object: KubernetesObject): boolean {
  const owner = controllerOf(object);
  if (owner?.kind === kind) queue.add(keyOf(object.metadata.namespace, owner.name));
  return owner !== undefined;
}

function addServices(store: Store, queue: WorkQueue, { object, previous }: WatchEvent): void {
  const { namespace } = object.metadata;
  if (namespace === undefined) return;
  for (const service of store.list<Service>('Service', { namespace }).items) {
    const selector = service.spec.selector ?? {};
    const concerns = [object, previous].some(
      (pod) => pod && isSelected(pod.metadata.labels, { matchLabels: selector }),
    );
    if (concerns) queue.add(key(service));
  }
}

/** A Deployment with the strategy Recreate waits for its old pods to be gone. */
function addRecreating(store: Store, queue: WorkQueue, { type, object }: WatchEvent): void {
  const { namespace } = object.metadata;
  const owner = type === 'DELETED' ? controllerOf(object) : undefined;
  const replicaSet = owner && store.get('ReplicaSet', namespace, owner.name);
  const deployment = replicaSet && controllerOf(replicaSet);
  if (deployment) queue.add(keyOf(namespace, deployment.name));
}

function addGarbage(queue: WorkQueue, { type, object }: WatchEvent): void {
  if (object.kind === 'Event') return; // many, and nobody's owner
  const { uid, deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata;
  const isWaiting = finalizers.includes('foregroundDeletion') || finalizers.includes('orphan');
  if (type === 'DELETED' || (deletionTimestamp && isWaiting)) queue.add(uid);
  // An owner may wait for this, or have gone before it came.
  if (type !== 'MODIFIED') for (const owner of ownerReferences) queue.add(owner.uid);
}
