import type { KubernetesObject } from '../../object.ts';
import { type Json, structs } from '../strategy/json.ts';
import { age } from './age.ts';
import { type Column, count, orNone, parts } from './column.ts';

const created: Column = { name: 'Age', value: ({ metadata }) => age(metadata.creationTimestamp) };
/** Roles show when they were created as a time. */
const createdAt: Column = {
  name: 'Created At',
  format: 'date-time',
  value: ({ metadata }) => metadata.creationTimestamp,
};

const binding: Column[] = [
  { name: 'Role', value: ({ roleRef }) => `${(roleRef as Json).kind}/${(roleRef as Json).name}` },
  created,
  { name: 'Users', wide: true, value: (object) => subjects(object, 'User') },
  { name: 'Groups', wide: true, value: (object) => subjects(object, 'Group') },
  { name: 'ServiceAccounts', wide: true, value: (object) => subjects(object, 'ServiceAccount') },
];

export const otherColumns: Record<string, readonly Column[]> = {
  Ingress: [
    { name: 'Class', value: (object) => parts(object).spec.ingressClassName ?? '<none>' },
    { name: 'Hosts', value: ingressHosts },
    { name: 'Address', value: ingressAddress },
    { name: 'Ports', value: (object) => (structs(parts(object).spec, 'tls').length > 0 ? '80, 443' : '80') },
    created,
  ],
  HorizontalPodAutoscaler: [
    { name: 'Reference', value: scaleTarget },
    { name: 'Targets', value: () => '<unknown>' },
    { name: 'MinPods', value: (object) => String(parts(object).spec.minReplicas ?? '<unset>') },
    { name: 'MaxPods', type: 'integer', value: (object) => count(parts(object).spec.maxReplicas) },
    { name: 'Replicas', type: 'integer', value: (object) => count(parts(object).status.currentReplicas) },
    created,
  ],
  PodDisruptionBudget: [
    { name: 'Min Available', value: (object) => String(parts(object).spec.minAvailable ?? 'N/A') },
    { name: 'Max Unavailable', value: (object) => String(parts(object).spec.maxUnavailable ?? 'N/A') },
    {
      name: 'Allowed Disruptions',
      type: 'integer',
      value: (object) => count(parts(object).status.disruptionsAllowed),
    },
    created,
  ],
  Role: [createdAt],
  ClusterRole: [createdAt],
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  Lease: [{ name: 'Holder', value: (object) => parts(object).spec.holderIdentity ?? '' }, created],
  EndpointSlice: [
    { name: 'AddressType', value: ({ addressType }) => addressType },
    { name: 'Ports', value: (object) => unsetOr(structs(object, 'ports').map(({ port }) => String(port))) },
    {
      name: 'Endpoints',
      value: (object) =>
        unsetOr(structs(object, 'endpoints').flatMap(({ addresses }) => addresses as string[])),
    },
    created,
  ],
};

function unsetOr(texts: readonly string[]): string {
  if (texts.length === 0) return '<unset>';
  return texts.length <= 3 ? texts.join(',') : `${texts.slice(0, 3).join(',')} + ${texts.length - 3} more...`;
}

function subjects(object: KubernetesObject, wanted: string): string {
  return structs(object, 'subjects')
    .filter(({ kind }) => kind === wanted)
    .map(({ name, namespace }) => (wanted === 'ServiceAccount' ? `${namespace}/${name}` : String(name)))
    .join(', ');
}

function ingressHosts(object: KubernetesObject): string {
  const hosts = structs(parts(object).spec, 'rules')
    .map(({ host }) => host)
    .filter((host) => host !== undefined);
  return hosts.length === 0 ? '*' : hosts.join(',');
}

function ingressAddress(object: KubernetesObject): string {
  const { loadBalancer } = parts(object).status;
  return structs(loadBalancer as Json | undefined, 'ingress')
    .map(({ ip, hostname }) => ip ?? hostname)
    .join(',');
}

function scaleTarget(object: KubernetesObject): string {
  const { kind, name } = (parts(object).spec.scaleTargetRef ?? {}) as { kind?: string; name?: string };
  return orNone(kind === undefined ? [] : [`${kind}/${name}`]);
}
