import type { Kube } from '../../lib/kube/client.ts';
import { Mirror } from '../../lib/kube/watch.ts';
import type { LiveObject } from '../../lib/kube/wire.ts';

interface Deployment extends LiveObject {
  metadata: { generation: number };
  spec: { replicas: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
  };
}

/** What a rollout took, in seconds. */
export interface Taken {
  /** From the order to the verdict. */
  whole: number;
  /** From the changed Deployment to all its pods, as somebody sees it who only watches: the same work whoever ordered it. */
  cluster: number;
}

/** Measures `goLive`, which changes the Deployment `name` in the namespace `name`. */
export async function watched(kube: Kube, name: string, goLive: () => Promise<void>): Promise<Taken> {
  const ended = new AbortController();
  const changed = Promise.withResolvers<number>();
  const complete = Promise.withResolvers<number>();
  const synced = Promise.withResolvers<void>();
  let before: number | undefined;
  const path = `/apis/apps/v1/namespaces/${name}/deployments`;
  const query = { fieldSelector: `metadata.name=${name}` };
  const mirror: Mirror<Deployment> = new Mirror<Deployment>(kube, path, query, () => {
    const [deployment] = mirror.items.values();
    if (deployment === undefined) return;
    before ??= deployment.metadata.generation;
    synced.resolve();
    if (deployment.metadata.generation === before) return;
    changed.resolve(performance.now());
    if (isComplete(deployment)) complete.resolve(performance.now());
  });
  const following = mirror.run(ended.signal);
  try {
    await synced.promise;
    const ordered = performance.now();
    await goLive();
    const whole = performance.now() - ordered;
    const cluster = (await complete.promise) - (await changed.promise);
    return { whole: whole / 1000, cluster: cluster / 1000 };
  } finally {
    ended.abort();
    await following;
  }
}

/** As `kubectl rollout status` decides it. */
function isComplete({ metadata, spec, status = {} }: Deployment): boolean {
  const { observedGeneration = 0, replicas, updatedReplicas, availableReplicas } = status;
  const counts = [replicas, updatedReplicas, availableReplicas];
  return observedGeneration >= metadata.generation && counts.every((count) => count === spec.replicas);
}
