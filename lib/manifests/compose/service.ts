import type { KubernetesObject } from '../../release/types.ts';
import { bad, labelsOf, type Making, notice } from './making.ts';
import { exposedPorts, type Port, portsOf, protocolOf } from './ports.ts';

/** Annotation of a Service whose type is what the installation says for apps. */
export const EXPOSED = 'fairlead.dev/exposed';

/** The ports of a service, those that it publishes first. */
export function allPorts(making: Making): Port[] {
  const published = (making.said.ports ?? []).flatMap((said) => publishedPorts(making, said));
  const exposed = (making.said.expose ?? []).flatMap((said) => {
    const ports = exposedPorts(said);
    if (ports === undefined) throw bad(making, 'expose', `has ${said}`, 'write it like 8080');
    return ports;
  });
  return [...published, ...exposed.filter((one) => !published.some((other) => isSame(one, other)))];
}

type Said = NonNullable<Making['said']['ports']>[number];

function publishedPorts(making: Making, said: Said): Port[] {
  if (typeof said === 'string') {
    const ports = portsOf(said);
    if (ports === undefined) throw bad(making, 'ports', `has ${said}`, 'write it like 8080:80');
    return ports;
  }
  const { target, published = String(target), protocol = 'tcp' } = said;
  const ports =
    protocolOf(protocol) === undefined ? undefined : portsOf(`${published}:${target}/${protocol}`);
  if (ports === undefined)
    throw bad(making, 'ports', `has the target ${target}, published ${published}, ${protocol}`);
  return ports;
}

/** How other services reach one: by its name, at the ports of its containers. */
export function internalService(making: Making, ports: readonly Port[]): KubernetesObject {
  const labels = labelsOf(making);
  const base = { apiVersion: 'v1', kind: 'Service', metadata: { name: making.name, labels } };
  // Without a port that it could name, a Service is the name of its pods: every port of theirs is reached.
  if (ports.length === 0) return { ...base, spec: { clusterIP: 'None', selector: labels } };
  return { ...base, spec: { type: 'ClusterIP', selector: labels, ports: distinct(ports.map(inside)) } };
}

/**
 * The Service at which the app is reached from outside, named after the app: what it publishes, under the installation's
 * type. If a service has the app's name, it is one with that.
 */
export function exposedService(making: Making, ports: readonly Port[]): KubernetesObject {
  const labels = labelsOf(making);
  const published = ports.filter((port) => port.published !== undefined).map(outside);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: making.app, labels, annotations: { [EXPOSED]: 'as-installed' } },
    spec: {
      type: 'ClusterIP',
      selector: labels,
      ports: distinct(making.name === making.app ? [...published, ...ports.map(inside)] : published),
    },
  };
}

/** Says what is not reached from outside although it is published. */
export function tellUnexposed(making: Making, ports: readonly Port[]): void {
  if (ports.some(({ published }) => published !== undefined))
    notice(making, 'ports', 'are reached by the other services only, not from outside');
}

interface ServicePort {
  name: string;
  port: number;
  targetPort: number;
  protocol: Port['protocol'];
}

function inside({ target, protocol }: Port): ServicePort {
  return { name: `${protocol.toLowerCase()}-${target}`, port: target, targetPort: target, protocol };
}

function outside({ target, published = target, protocol }: Port): ServicePort {
  return { name: `${protocol.toLowerCase()}-${published}`, port: published, targetPort: target, protocol };
}

function distinct(ports: readonly ServicePort[]): ServicePort[] {
  return ports.filter((port, index) => ports.findIndex(({ name }) => name === port.name) === index);
}

function isSame(one: Port, other: Port): boolean {
  return one.target === other.target && one.protocol === other.protocol;
}
