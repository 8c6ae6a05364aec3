import { TRACK } from './labels.ts';
import { selectorOf } from './serving.ts';
import type { KubernetesObject, Track } from './types.ts';

interface DeploymentSpec {
  replicas: number;
  selector: { matchLabels: Record<string, string> };
  template: {
    metadata: { labels: Record<string, string> };
    spec: { topologySpreadConstraints?: { labelSelector: { matchLabels: Record<string, string> } }[] };
  };
}

/** `deployment` under another name and track, so that it has pods of its own. */
export function onTrack(deployment: KubernetesObject, name: string, track: Track, replicas: number) {
  const copy = structuredClone(deployment) as KubernetesObject & { spec: DeploymentSpec };
  copy.metadata.name = name;
  const { spec } = copy;
  spec.replicas = replicas;
  spec.selector.matchLabels[TRACK] = track;
  spec.template.metadata.labels[TRACK] = track;
  for (const { labelSelector } of spec.template.spec.topologySpreadConstraints ?? [])
    labelSelector.matchLabels[TRACK] = track;
  return copy;
}

/** `service` as it sends requests to the pods of one track, or without any to those of all. */
export function sendingTo(service: KubernetesObject, track?: Track): KubernetesObject {
  const { [TRACK]: _, ...selector } = selectorOf(service);
  if (track !== undefined) selector[TRACK] = track;
  return { ...service, spec: { ...(service.spec as object), selector } };
}
