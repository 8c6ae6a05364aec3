import type { KubernetesObject, NewObject } from '../../object.ts';
import { controllerReference } from '../owners.ts';
import type { Pod, Service } from '../types.ts';
import type { PortEndpoints } from './plan.ts';

/** Source: Kubernetes `core/v1`. */
export function endpointsObject(service: Service, ports: readonly PortEndpoints[]): NewObject {
  const { name, namespace, labels } = service.metadata;
  const subsets = ports.map(({ port, targetPort, ready, notReady }) => ({
    ...(ready.length > 0 && { addresses: ready.map(address) }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady.map(address) }),
    ports: [
      {
        ...(port.name !== undefined && { name: port.name }),
        port: targetPort,
        protocol: port.protocol ?? 'TCP',
      },
    ],
  }));
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, ...(namespace !== undefined && { namespace }), ...(labels && { labels }) },
    ...(subsets.length > 0 && { subsets }),
  };
}

/** One slice holds it all: a local cluster has no Service of a hundred pods. Source: Kubernetes `discovery/v1`. */
export function endpointSliceObject(service: Service, ports: readonly PortEndpoints[]): NewObject {
  const { name, namespace, labels } = service.metadata;
  const [first] = ports;
  const endpoints = [
    ...(first?.ready ?? []).map((pod) => endpoint(pod, true)),
    ...(first?.notReady ?? []).map((pod) => endpoint(pod, false)),
  ];
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-local`,
      ...(namespace !== undefined && { namespace }),
      labels: {
        ...labels,
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: 'IPv4',
    endpoints,
    ports: ports.map(({ port, targetPort }) => ({
      name: port.name ?? '',
      port: targetPort,
      protocol: port.protocol ?? 'TCP',
    })),
  };
}

function address(pod: Pod) {
  return { ip: pod.status?.podIP, nodeName: pod.spec.nodeName, targetRef: referenceTo(pod) };
}

function endpoint(pod: Pod, ready: boolean) {
  return {
    addresses: [pod.status?.podIP],
    conditions: { ready, serving: ready, terminating: false },
    nodeName: pod.spec.nodeName,
    targetRef: referenceTo(pod),
  };
}

function referenceTo({ metadata: { name, namespace, uid } }: KubernetesObject) {
  return { kind: 'Pod', name, namespace, uid };
}
