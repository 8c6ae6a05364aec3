import type { Kube } from '../kube/client.ts';
import { Mirror } from '../kube/watch.ts';
import type { Deployment, Event, LiveObject, Pod, ReplicaSet } from '../kube/wire.ts';
import { identity } from '../release/labels.ts';
import type { Release } from '../release/types.ts';

/** Copies of everything that tells how a rollout goes; they follow the cluster from when they are made. */
export interface Followed {
  deployments: Mirror<Deployment>;
  replicaSets: Mirror<ReplicaSet>;
  pods: Mirror<Pod>;
  events: Mirror<Event>;
}

/**
 * Follows a release's rollout until `signal` is aborted; `changed` is called after every change, `broken` when it
 * cannot go on.
 */
export function follow(
  kube: Kube,
  { app, environment, namespace }: Release,
  changed: () => void,
  broken: (error: unknown) => void,
  signal: AbortSignal,
): Followed {
  const labelSelector = Object.entries(identity(app, environment))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const mirror = <T extends LiveObject>(path: string, query: Record<string, string>) => {
    const made = new Mirror<T>(kube, path, query, changed);
    made.run(signal).catch(broken);
    return made;
  };
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const core = `/api/v1/namespaces/${namespace}`;
  return {
    deployments: mirror<Deployment>(`${apps}/deployments`, { fieldSelector: `metadata.name=${app}` }),
    replicaSets: mirror<ReplicaSet>(`${apps}/replicasets`, { labelSelector }),
    pods: mirror<Pod>(`${core}/pods`, { labelSelector }),
    events: mirror<Event>(`${core}/events`, { fieldSelector: 'type=Warning' }),
  };
}

export function isSynced(followed: Followed): boolean {
  return Object.values(followed).every((mirror) => mirror.synced);
}
