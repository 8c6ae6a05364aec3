import { isActive, readySince } from '../pods.ts';
import type { Pod, Service, ServicePort } from '../types.ts';

/** A port of a Service and where its traffic may go. */
export interface PortEndpoints {
  port: ServicePort;
  /** The same port on every pod below. */
  targetPort: number;
  ready: Pod[];
  notReady: Pod[];
}

/**
 * The pods behind each port of a Service. A terminating pod is out at once, before it is told to end.
 * Pods that call the target port differently make several entries of one port. Source: Kubernetes `endpoints_controller.go`.
 * @param pods all of the namespace
 */
export function planEndpoints({ spec }: Service, pods: readonly Pod[]): PortEndpoints[] {
  const selector = Object.entries(spec.selector ?? {});
  if (selector.length === 0) return [];
  const selected = pods.filter(
    (pod) =>
      isActive(pod) &&
      pod.status?.podIP !== undefined &&
      selector.every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  return (spec.ports ?? []).flatMap((port) => {
    const byTarget = new Map<number, PortEndpoints>();
    for (const pod of selected) {
      const targetPort = targetOf(port, pod);
      if (targetPort === undefined) continue;
      const entry = byTarget.get(targetPort) ?? { port, targetPort, ready: [], notReady: [] };
      byTarget.set(targetPort, entry);
      const isReady = spec.publishNotReadyAddresses || readySince(pod) !== undefined;
      entry[isReady ? 'ready' : 'notReady'].push(pod);
    }
    return [...byTarget.values()];
  });
}

function targetOf({ port, targetPort, protocol = 'TCP' }: ServicePort, { spec }: Pod): number | undefined {
  if (targetPort === undefined) return port;
  if (typeof targetPort === 'number') return targetPort;
  return spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find((each) => each.name === targetPort && (each.protocol ?? 'TCP') === protocol)?.containerPort;
}
