import type { Kube } from '../kube/client.ts';
import { KubeError } from '../kube/error.ts';
import { Mirror } from '../kube/watch.ts';
import type { Node, Service } from '../kube/wire.ts';
import type { KubernetesObject, Release } from '../release/types.ts';
import { type Address, addressOf } from './address.ts';

/** The name of the Service that takes a release's requests: the one that is called as the app, else its first one. */
export function serviceOf({ app, port, resources }: Release): string | undefined {
  const services = resources.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
  const named = services.includes(app) ? app : services[0];
  return port === undefined && named !== app ? undefined : named;
}

/**
 * The URL of a release: the host of its Ingress, or the address of its Service. A load balancer is waited for until
 * `signal` is aborted: the first one of a Service takes minutes, and the release is live without it. Undefined where
 * there is no URL, or the cluster would not tell it.
 */
export async function reach(kube: Kube, release: Release, signal: AbortSignal): Promise<string | undefined> {
  const [host] = release.resources.flatMap(hostOf);
  const name = serviceOf(release);
  if (host !== undefined || name === undefined) return host;
  try {
    const path = `/api/v1/namespaces/${release.namespace}/services`;
    const service = await kube.get<Service>(`${path}/${name}`);
    const nodes = service.spec?.type === 'NodePort' ? await readNodes(kube) : undefined;
    const address = addressOf(service, nodes);
    if (address.kind !== 'pending') return urlOf(address);
    return urlOf(await appointed(kube, path, name, signal));
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}

interface IngressSpec {
  rules?: { host?: string }[];
  tls?: { hosts?: string[] }[];
}

function hostOf({ kind, spec }: KubernetesObject): string[] {
  if (kind !== 'Ingress') return [];
  const { rules = [], tls = [] } = spec as IngressSpec;
  const host = rules.find((rule) => rule.host !== undefined && !rule.host.startsWith('*'))?.host;
  if (host === undefined) return [];
  return [
    `${tls.some(({ hosts }) => hosts === undefined || hosts.includes(host)) ? 'https' : 'http'}://${host}`,
  ];
}

async function readNodes(kube: Kube): Promise<Node[] | undefined> {
  try {
    return (await kube.get<{ items: Node[] }>('/api/v1/nodes')).items;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  }
}

async function appointed(kube: Kube, path: string, name: string, signal: AbortSignal): Promise<Address> {
  const found = new AbortController();
  let address: Address = { kind: 'pending' };
  const mirror = new Mirror<Service>(kube, path, { fieldSelector: `metadata.name=${name}` }, () => {
    const [service] = mirror.items.values();
    if (service !== undefined) address = addressOf(service, undefined);
    if (address.kind !== 'pending') found.abort();
  });
  await mirror.run(AbortSignal.any([found.signal, signal]));
  return address;
}

function urlOf(address: Address): string | undefined {
  return address.kind === 'url' ? address.url : undefined;
}
