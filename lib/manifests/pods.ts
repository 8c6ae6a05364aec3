import type { KubernetesObject } from '../release/types.ts';
import { isRecord } from './objects.ts';

/** What of a pod's template is read and changed here (core/v1 PodTemplateSpec). */
export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}

export interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  nodeSelector?: Record<string, string>;
  nodeName?: string;
  affinity?: { nodeAffinity?: unknown };
}

export interface Container {
  name?: string;
  image?: string;
}

/** The template of the pods that an object makes, of whichever kind it is; undefined where it makes none. */
export function podTemplateOf({ spec }: KubernetesObject): PodTemplate | undefined {
  if (!isRecord(spec)) return undefined;
  const { jobTemplate } = spec;
  const holder = isRecord(jobTemplate) && isRecord(jobTemplate.spec) ? jobTemplate.spec : spec;
  const { template } = holder;
  return isRecord(template) && isRecord(template.spec) ? (template as unknown as PodTemplate) : undefined;
}

/** The containers of a pod, those that run before the others first. */
export function containersOf({ spec: { initContainers, containers } }: PodTemplate): Container[] {
  return [...listOf(initContainers), ...listOf(containers)];
}

function listOf(value: unknown): Container[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
