import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Draft, Json } from './json.ts';
import { structs } from './json.ts';

type Services = readonly { metadata: { uid: string }; spec?: unknown }[];

/** Cluster addresses are names only: nothing on this machine routes them. */
const clusterNetwork = '10.96';
const nodePorts = { first: 30_000, last: 32_767 };

/** Gives a Service its cluster address and node ports, those it asks for or free ones. */
export function allocate(service: Draft, services: Services): void {
  const spec = service.spec as Json;
  const others = services
    .filter((each) => each.metadata.uid !== service.metadata.uid)
    .map(({ spec: other }) => other as Json);
  allocateAddress(spec, others);
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') {
    for (const port of structs(spec, 'ports')) delete port.nodePort;
    return;
  }
  const taken = new Set(
    others.flatMap((other) => structs(other, 'ports').map(({ nodePort }) => nodePort as number | undefined)),
  );
  for (const port of structs(spec, 'ports')) {
    port.nodePort ??= freePort(taken);
    taken.add(port.nodePort as number);
  }
}

function allocateAddress(spec: Json, others: readonly Json[]): void {
  if (spec.type === 'ExternalName') {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    return;
  }
  const taken = new Set(others.map(({ clusterIP }) => clusterIP));
  spec.clusterIP ??= freeAddress(taken);
  spec.clusterIPs = [spec.clusterIP];
}

function freeAddress(taken: ReadonlySet<unknown>): string {
  // .0.1 is the API server's and .0.10 the name server's.
  for (let number = 11; number < 256 * 256 - 1; number += 1) {
    const address = `${clusterNetwork}.${number >> 8}.${number & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new Error('every cluster address is taken');
}

/** A node port that no Service has and nobody on this machine listens on. */
function freePort(taken: ReadonlySet<number | undefined>): number {
  const busy = listeningPorts();
  const count = 1 + nodePorts.last - nodePorts.first;
  // Not from the first on, so that two clusters on one machine seldom want the same one.
  const start = randomInt(count);
  for (let step = 0; step < count; step += 1) {
    const port = nodePorts.first + ((start + step) % count);
    if (!taken.has(port) && !busy.has(port)) return port;
  }
  throw new Error('every node port is taken');
}

/** TCP ports in state LISTEN (0A). Source: proc(5), /proc/net/tcp. Elsewhere than on Linux nothing is known. */
function listeningPorts(): Set<number> {
  const ports = new Set<number>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = readIfPresent(file).split('\n').slice(1);
    for (const line of lines) {
      const [, local = '', , state] = line.trim().split(/\s+/);
      if (state === '0A') ports.add(Number.parseInt(local.split(':')[1] ?? '', 16));
    }
  }
  return ports;
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
