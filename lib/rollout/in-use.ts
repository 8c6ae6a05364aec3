import type { Kube } from '../kube/client.ts';
import type { Pod } from '../kube/wire.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import { type Entry, without } from './inventory.ts';
import { referencesIn } from './references.ts';
import { isLeaving } from './view.ts';

/** What a container is started with, each time anew. */
const READ_AT_START = ['ConfigMap', 'Secret'];

/**
 * Those of `stale` that are at work: jobs that run, which nobody cuts off in the middle of a migration, and what pods refer
 * to that stay when the rest is gone: older ones of a StatefulSet with a partition or that is updated by hand, jobs that a
 * CronJob has begun. Without it no container of such a pod could be started again.
 * @throws KubeError where the cluster cannot be asked
 */
export async function inUse(kube: Kube, { namespace }: Release, stale: readonly Entry[]): Promise<Entry[]> {
  const own = stale.filter((entry) => entry.namespace === undefined);
  const [read, jobs] = [own.filter(({ kind }) => READ_AT_START.includes(kind)), own.filter(isJob)];
  if (read.length + jobs.length === 0) return [];
  const { items } = await kube.get<{ items: Pod[] }>(`/api/v1/namespaces/${namespace}/pods`);
  const atWork = items.filter(isAtWork);
  const running = atWork.filter(({ status }) => status?.phase === 'Running');
  const busy = jobs.filter((job) => running.some((pod) => isMadeBy(pod, [job])));
  const staying = atWork.filter((pod) => !isMadeBy(pod, without(stale, busy)));
  const names = new Set(
    staying
      .flatMap((pod) => referencesIn({ ...pod, kind: 'Pod' } as KubernetesObject, namespace))
      .map(({ kind, name }) => `${kind} ${name}`),
  );
  return [...busy, ...read.filter(({ kind, name }) => names.has(`${kind} ${name}`))];
}

function isJob({ kind }: Entry): boolean {
  return kind === 'Job';
}

function isAtWork(pod: Pod): boolean {
  return !isLeaving(pod) && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
}

/** Whether a pod goes with one of `stale`. A Deployment's pods are of ReplicaSets that are called by its name and a hash. */
function isMadeBy({ metadata }: Pod, stale: readonly Entry[]): boolean {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  if (owner === undefined) return false;
  const hash = `-${metadata?.labels?.['pod-template-hash']}`;
  const isOfDeployment = owner.kind === 'ReplicaSet' && owner.name.endsWith(hash);
  const [kind, name] = isOfDeployment
    ? ['Deployment', owner.name.slice(0, -hash.length)]
    : [owner.kind, owner.name];
  return stale.some((entry) => entry.kind === kind && entry.name === name);
}
