import type { Node, Service } from '../kube/wire.ts';

/** How a Service is reached from outside its pods. */
export type Address =
  | { kind: 'url'; url: string }
  /** A load balancer that has no address yet. */
  | { kind: 'pending' }
  /** Only by its name in the cluster. */
  | { kind: 'internal' };

/** `nodes` is undefined where they may not be read. */
export function addressOf({ spec, status }: Service, nodes: readonly Node[] | undefined): Address {
  const port = spec?.ports?.[0];
  if (spec?.type === 'LoadBalancer') {
    const [ingress] = status?.loadBalancer?.ingress ?? [];
    const host = ingress?.hostname ?? ingress?.ip;
    return host === undefined ? { kind: 'pending' } : url(host, port?.port);
  }
  if (spec?.type === 'NodePort') {
    const host = nodes === undefined ? undefined : nodeHost(nodes);
    return host === undefined ? { kind: 'internal' } : url(host, port?.nodePort);
  }
  const ip = spec?.clusterIP;
  return ip === undefined || ip === 'None' ? { kind: 'internal' } : url(ip, port?.port);
}

/** The name by which other pods reach a Service. */
export function internalName(name: string, namespace: string): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

/** Any node answers on a NodePort; one that is ready does so now, and one with a public address to everybody. */
function nodeHost(nodes: readonly Node[]): string | undefined {
  const addresses = nodes.filter(isReady).flatMap(({ status }) => status?.addresses ?? []);
  const of = (type: string) => addresses.find((address) => address.type === type)?.address;
  return of('ExternalIP') ?? of('InternalIP');
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

function url(host: string, port: number | undefined): Address {
  const name = host.includes(':') ? `[${host}]` : host;
  return { kind: 'url', url: `http://${name}${port === undefined || port === 80 ? '' : `:${port}`}` };
}
