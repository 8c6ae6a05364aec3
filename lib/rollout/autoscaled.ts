import type { Contested } from '../kube/conflict.ts';
import type { LiveObject } from '../kube/wire.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import type { Cluster } from './cluster.ts';
import { type Entry, objectOf } from './inventory.ts';
import { REPLICAS, write } from './write-all.ts';

/** Under this name the autoscaler has set a number of pods (kubernetes, pkg/controller/podautoscaler). */
const AUTOSCALER = 'kube-controller-manager';

interface Autoscaler extends LiveObject {
  spec?: { scaleTargetRef?: { kind?: string; name?: string } };
}

/** What the autoscalers among `stale` scale and `release` says a number of pods for: with them gone, that counts. */
export async function freedBy(
  cluster: Cluster,
  release: Release,
  stale: readonly Entry[],
): Promise<KubernetesObject[]> {
  const autoscalers = stale.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
  const found = await Promise.all(
    autoscalers.map(async (entry) => {
      const placed = await cluster.find(objectOf(entry, release), release.namespace);
      return placed && (await cluster.kube.find<Autoscaler>(placed.path.object));
    }),
  );
  const targets = found.flatMap((live) => live?.spec?.scaleTargetRef ?? []);
  return release.resources.filter(
    ({ kind, metadata, spec }) =>
      (spec as { replicas?: number } | undefined)?.replicas !== undefined &&
      targets.some((target) => target.kind === kind && target.name === metadata.name),
  );
}

/** Gives `freed` as many pods as the release says, where an autoscaler has decided last, and not a person. */
export async function scaleAsSaid(
  cluster: Cluster,
  { namespace }: Release,
  fence: number,
  freed: readonly KubernetesObject[],
): Promise<void> {
  const takes = ({ field, manager }: Contested) => field === REPLICAS && manager === AUTOSCALER;
  for (const placed of await cluster.place(freed, namespace)) await write(cluster, placed, fence, { takes });
}
