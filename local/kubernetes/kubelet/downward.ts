import { parseQuantity } from '../quantity.ts';
import type { Container, Pod } from './types.ts';

/** What a pod can be told of itself that its spec does not say. */
export interface PodFacts {
  pod: Pod;
  podIP: string;
  node: { name: string; ip: string; cpus: number; memoryBytes: number };
}

/**
 * The value at a path of the downward API: `metadata.name`, `metadata.labels['app']`, `status.podIP`.
 * Source: Kubernetes `fieldpath.ExtractFieldPathAsString`.
 */
export function downwardField({ pod, podIP, node }: PodFacts, path: string): string {
  const { name, namespace = '', uid, labels = {}, annotations = {} } = pod.metadata;
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path) ?? [];
  if (key !== undefined) return (map === 'labels' ? labels : annotations)[key] ?? '';
  switch (path) {
    case 'metadata.name':
      return name;
    case 'metadata.namespace':
      return namespace;
    case 'metadata.uid':
      return uid;
    case 'metadata.labels':
      return list(labels);
    case 'metadata.annotations':
      return list(annotations);
    case 'spec.nodeName':
      return node.name;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
      return podIP;
    case 'status.hostIP':
    case 'status.hostIPs':
      return node.ip;
    default:
      return '';
  }
}

/** `limits.memory` of a container in units of the divisor, rounded up; without a limit what the node has. */
export function resourceField(
  { pod, node }: PodFacts,
  self: Container,
  { containerName, resource, divisor }: { containerName?: string; resource: string; divisor?: string },
): string {
  const container = pod.spec.containers.find((each) => each.name === containerName) ?? self;
  const [list = '', name = ''] = resource.split('.');
  const given = container.resources?.[list as 'limits' | 'requests']?.[name];
  const whole = list !== 'limits' ? 0 : name === 'cpu' ? node.cpus : name === 'memory' ? node.memoryBytes : 0;
  const amount = given === undefined ? whole : parseQuantity(given);
  return String(Math.ceil(amount / (parseQuantity(divisor) || 1)));
}

function list(map: Record<string, string>): string {
  return Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
