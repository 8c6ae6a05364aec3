import type { KubernetesObject } from '../../object.ts';
import { type Json, strings, structs } from '../strategy/json.ts';
import { age } from './age.ts';
import { type Column, orNone, parts } from './column.ts';
import { podColumns } from './pod.ts';

const created: Column = { name: 'Age', value: ({ metadata }) => age(metadata.creationTimestamp) };

export const coreColumns: Record<string, readonly Column[]> = {
  Pod: podColumns,
  Namespace: [{ name: 'Status', value: (object) => parts(object).status.phase }, created],
  Node: [
    { name: 'Status', value: nodeStatus },
    { name: 'Roles', value: nodeRoles },
    created,
    { name: 'Version', value: (node) => nodeInfo(node).kubeletVersion ?? '' },
    { name: 'Internal-IP', wide: true, value: (node) => nodeAddress(node, 'InternalIP') },
    { name: 'External-IP', wide: true, value: (node) => nodeAddress(node, 'ExternalIP') },
    { name: 'OS-Image', wide: true, value: (node) => nodeInfo(node).osImage ?? '<unknown>' },
    { name: 'Kernel-Version', wide: true, value: (node) => nodeInfo(node).kernelVersion ?? '<unknown>' },
    {
      name: 'Container-Runtime',
      wide: true,
      value: (node) => nodeInfo(node).containerRuntimeVersion ?? '<unknown>',
    },
  ],
  Service: [
    { name: 'Type', value: (object) => parts(object).spec.type },
    { name: 'Cluster-IP', value: (object) => parts(object).spec.clusterIP ?? '<none>' },
    { name: 'External-IP', value: externalAddress },
    { name: 'Port(s)', value: servicePorts },
    created,
    { name: 'Selector', wide: true, value: (object) => labelText(strings(parts(object).spec, 'selector')) },
  ],
  Endpoints: [{ name: 'Endpoints', value: endpoints }, created],
  ConfigMap: [
    { name: 'Data', type: 'integer', value: ({ data, binaryData }) => size(data) + size(binaryData) },
    created,
  ],
  Secret: [
    { name: 'Type', value: ({ type }) => type },
    { name: 'Data', type: 'integer', value: ({ data }) => size(data) },
    created,
  ],
  ServiceAccount: [{ name: 'Secrets', type: 'integer', value: ({ secrets }) => size(secrets) }, created],
  Event: [
    { name: 'Last Seen', value: lastSeen },
    { name: 'Type', value: ({ type }) => type },
    { name: 'Reason', value: ({ reason }) => reason },
    { name: 'Object', value: eventObject },
    { name: 'Subobject', wide: true, value: (event) => involved(event).fieldPath ?? '' },
    { name: 'Source', wide: true, value: eventSource },
    { name: 'Message', value: ({ message, note }) => String(message ?? note ?? '').trim() },
    {
      name: 'First Seen',
      wide: true,
      value: (event) => `${age(textOf(event.firstTimestamp ?? event.eventTime))}`,
    },
    { name: 'Count', wide: true, value: ({ count: times }) => String(times ?? 1) },
    { name: 'Name', wide: true, value: ({ metadata }) => metadata.name },
  ],
  PersistentVolumeClaim: [
    { name: 'Status', value: (object) => parts(object).status.phase },
    { name: 'Volume', value: (object) => parts(object).spec.volumeName ?? '' },
    { name: 'Capacity', value: (object) => strings(parts(object).status, 'capacity').storage ?? '' },
    {
      name: 'Access Modes',
      value: (object) => ((parts(object).status.accessModes ?? []) as string[]).join(','),
    },
    { name: 'StorageClass', value: (object) => parts(object).spec.storageClassName ?? '' },
    created,
  ],
};

function size(data: unknown): number {
  return Object.keys((data ?? {}) as object).length;
}

function labelText(labels: Record<string, string>): string {
  return orNone(Object.entries(labels).map(([key, value]) => `${key}=${value}`));
}

function nodeStatus(node: KubernetesObject): string {
  const ready = structs(parts(node).status, 'conditions').find(({ type }) => type === 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (parts(node).spec.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

function nodeRoles({ metadata: { labels = {} } }: KubernetesObject): string {
  const prefix = 'node-role.kubernetes.io/';
  return orNone(
    Object.keys(labels)
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length)),
  );
}

function nodeInfo(node: KubernetesObject): Record<string, string> {
  return strings(parts(node).status, 'nodeInfo');
}

function nodeAddress(node: KubernetesObject, wanted: string): unknown {
  return structs(parts(node).status, 'addresses').find(({ type }) => type === wanted)?.address ?? '<none>';
}

function externalAddress(service: KubernetesObject): string {
  const { spec, status } = parts(service);
  const fixed = (spec.externalIPs ?? []) as string[];
  if (spec.type === 'ExternalName') return String(spec.externalName);
  if (spec.type !== 'LoadBalancer') return orNone(fixed);
  const ingress = structs(status.loadBalancer as Json | undefined, 'ingress').map(({ ip, hostname }) =>
    String(ip ?? hostname),
  );
  return ingress.length + fixed.length === 0 ? '<pending>' : [...ingress, ...fixed].join(',');
}

function servicePorts(service: KubernetesObject): string {
  return orNone(
    structs(parts(service).spec, 'ports').map(({ port, nodePort, protocol }) =>
      nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
    ),
  );
}

function endpoints(object: KubernetesObject): string {
  const all = structs(object, 'subsets').flatMap((subset) => {
    const ports = structs(subset, 'ports');
    return structs(subset, 'addresses').flatMap(({ ip }) =>
      ports.length === 0 ? [`${ip}`] : ports.map(({ port }) => `${ip}:${port}`),
    );
  });
  if (all.length <= 3) return orNone(all);
  return `${all.slice(0, 3).join(',')} + ${all.length - 3} more...`;
}

function involved(event: KubernetesObject): Record<string, string> {
  return (event.involvedObject ?? event.regarding ?? {}) as Record<string, string>;
}

function eventObject(event: KubernetesObject): string {
  const { kind = '', name = '' } = involved(event);
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function eventSource({ source, deprecatedSource, reportingComponent }: KubernetesObject): string {
  const { component, host } = (source ?? deprecatedSource ?? {}) as { component?: string; host?: string };
  return [component ?? reportingComponent, host].filter((part) => part !== undefined).join(', ');
}

function lastSeen(event: KubernetesObject): string {
  return age(
    textOf(
      event.lastTimestamp ??
        event.deprecatedLastTimestamp ??
        event.eventTime ??
        event.metadata.creationTimestamp,
    ),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
