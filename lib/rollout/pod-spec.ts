import type { KubernetesObject } from '../release/types.ts';

// biome-ignore lint/suspicious/noExplicitAny: fields of an object of any kind
type Fields = any;

/** What is read of a pod's specification (core/v1 PodSpec). */
export interface PodSpec {
  containers?: Fields[];
  initContainers?: Fields[];
  volumes?: Fields[];
}

/** The specification of the pods that a resource makes; undefined where it makes none. */
export function podSpecOf({ kind, spec }: KubernetesObject): PodSpec | undefined {
  const fields = spec as Fields;
  switch (kind) {
    case 'Pod':
      return fields;
    case 'CronJob':
      return fields?.jobTemplate?.spec?.template?.spec;
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'ReplicaSet':
    case 'Job':
      return fields?.template?.spec;
    default:
      return undefined;
  }
}
