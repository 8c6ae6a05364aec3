import type { KubernetesObject } from '../release/types.ts';
import { groupOf, isRecord } from './objects.ts';

type Fields = Record<string, unknown>;

/** Kinds of the Gateway API that send requests on by host name. */
const ROUTES = ['HTTPRoute', 'GRPCRoute', 'TLSRoute'];

/** By which external-dns takes host names, and fields by which an address is asked for that is somebody's already. */
const NAMES = 'external-dns.alpha.kubernetes.io/';
const ADDRESSES = ['externalIPs', 'loadBalancerIP'];

/**
 * An app's own object as a preview may have it, beside production and other previews that are made of the same files: at
 * no host name and no address that the files name for all of them. `HOST` becomes `SLUG.HOST`, but where it says by the
 * environment's name or namespace whose it is. Undefined for what takes the requests of any host and nothing else.
 */
export function besideOthers(
  object: KubernetesObject,
  environment: { name: string; namespace: string },
): KubernetesObject | undefined {
  const hosts = hostsFor(environment);
  const spec = isRecord(object.spec) ? object.spec : {};
  if (object.kind === 'Ingress') return ingress(nameless(object), spec, hosts);
  if (object.kind === 'Service') return { ...nameless(object), spec: withoutAddresses(spec) };
  if (groupOf(object) !== 'gateway.networking.k8s.io' || !ROUTES.includes(object.kind)) return object;
  const hostnames = hosts(spec.hostnames);
  return hostnames.length === 0 ? undefined : { ...nameless(object), spec: { ...spec, hostnames } };
}

/** Reads a list of host names; any host at all, and names with a wildcard, are no preview's to take. */
function hostsFor({ name, namespace }: { name: string; namespace: string }) {
  const slug = name.replace(/^preview-/, '');
  // Both are DNS labels. `preview-a` is not what `preview-api` is called.
  const own = new RegExp(`(^|[^a-z0-9])(${name}|${namespace})([^a-z0-9]|$)`);
  const one = (host: unknown): string[] => {
    if (typeof host !== 'string' || host === '' || host.startsWith('*')) return [];
    return [own.test(host) ? host : `${slug}.${host}`];
  };
  return (hosts: unknown): string[] => (Array.isArray(hosts) ? hosts.flatMap(one) : []);
}

function ingress(
  object: KubernetesObject,
  { defaultBackend: _, backend: __, ...spec }: Fields,
  hosts: (said: unknown) => string[],
): KubernetesObject | undefined {
  const rules = recordsOf(spec.rules).flatMap((rule) =>
    hosts([rule.host]).map((host) => ({ ...rule, host })),
  );
  if (rules.length === 0) return undefined;
  const tls = recordsOf(spec.tls).map((one) => ({
    ...one,
    ...('hosts' in one && { hosts: hosts(one.hosts) }),
  }));
  return { ...object, spec: { ...spec, rules, ...(tls.length > 0 && { tls }) } };
}

/** A port of the machines can be one Service's only. */
function withoutAddresses(spec: Fields): Fields {
  const kept = Object.fromEntries(Object.entries(spec).filter(([key]) => !ADDRESSES.includes(key)));
  if (!('ports' in spec)) return kept;
  return { ...kept, ports: recordsOf(spec.ports).map(({ nodePort: _, ...port }) => port) };
}

function nameless(object: KubernetesObject): KubernetesObject {
  const { annotations = {} } = object.metadata;
  const kept = Object.entries(annotations).filter(([key]) => !key.startsWith(NAMES));
  return { ...object, metadata: { ...object.metadata, annotations: Object.fromEntries(kept) } };
}

function recordsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
