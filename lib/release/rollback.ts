import { RELEASE } from './labels.ts';
import { originOf } from './serving.ts';
import type { KubernetesObject, Release } from './types.ts';

/**
 * A new release with the content of `good`, config included. Its pods are as those of `good` to the letter, so the
 * cluster goes back to the ReplicaSet that it still has of them. Nothing is tried out and no job is run again: it
 * was good. An alarm that goes on ringing does not take it back in its turn.
 *
 * `live` is what serves, if it was brought out to its end: the pods of `good` may be gone then, and under another color
 * they are made ready again before the Service goes over to them. Without it the pods of `good` still run, and the
 * release has one phase.
 */
export function rollbackTo(good: Release, number: number, createdAt: Date, live?: Release): Release {
  const { from: _, ...content } = good;
  const from = live && originOf(live);
  return {
    ...content,
    number,
    brings: good.brings ?? good.number,
    createdAt: createdAt.toISOString(),
    jobs: [],
    resources: good.resources.map((resource) => renumbered(resource, number)),
    strategy: good.strategy.kind === 'canary' ? { kind: 'rolling' } : good.strategy,
    ...(from && { from }),
    bake: { ...good.bake, seconds: 0, watchFor: 0 },
  };
}

function renumbered(resource: KubernetesObject, number: number): KubernetesObject {
  const annotations = { ...resource.metadata.annotations, [RELEASE]: String(number) };
  return { ...resource, metadata: { ...resource.metadata, annotations } };
}
