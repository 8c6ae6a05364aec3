import { describe, expect, test } from 'vitest';
import { type Adoption, adopt } from '../../../lib/manifests/adopt.ts';
import type { KubernetesObject } from '../../../lib/release/types.ts';

const PREVIEW: Adoption = {
  app: 'shop',
  environment: { name: 'preview-blue', namespace: 'shop--blue' },
  image: `registry/shop@sha256:${'a'.repeat(64)}`,
  service: 'LoadBalancer',
  loadBalancers: 'internet-facing',
  patience: 60,
  commit: 'c'.repeat(40),
  number: 7,
};
const PRODUCTION: Adoption = { ...PREVIEW, environment: { name: 'production', namespace: 'shop' } };

type Fields = Record<string, unknown>;

const http = { paths: [{ path: '/', pathType: 'Prefix' }] };

function ingress(spec: Fields, annotations: Record<string, string> = {}): KubernetesObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'shop', annotations },
    spec,
  };
}

function route(hostnames?: string[]): KubernetesObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'shop' },
    spec: { parentRefs: [{ name: 'gate' }], ...(hostnames && { hostnames }) },
  };
}

const specOf = (object: KubernetesObject, adoption = PREVIEW) => adopt([object], adoption).own[0]?.spec;
const hostsOf = (...hosts: string[]) => {
  const spec = specOf(ingress({ rules: hosts.map((host) => ({ host, http })) })) as { rules: Fields[] };
  return spec.rules.map(({ host }) => host);
};

describe('own manifests in a preview', () => {
  test('take no host name of production, with the certificate neither', () => {
    const tls = [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }];
    const said = ingress({ rules: [{ host: 'shop.example.com', http }], tls });
    expect(specOf(said)).toEqual({
      rules: [{ host: 'blue.shop.example.com', http }],
      tls: [{ hosts: ['blue.shop.example.com'], secretName: 'shop-tls' }],
    });
    expect(specOf(said, PRODUCTION)).toEqual(said.spec);
  });

  test('keep host names that say whose they are', () => {
    const own = ['shop--blue.example.com', 'preview-blue.example.com', 'api.preview-blue.example.com'];
    expect(hostsOf(...own)).toEqual(own);
    expect(hostsOf('blue.example.com', 'preview-bluebell.example.com')).toEqual([
      'blue.blue.example.com',
      'blue.preview-bluebell.example.com',
    ]);
  });

  test.each([
    ['any host', { rules: [{ http }] }],
    ['a wildcard', { rules: [{ host: '*.example.com', http }] }],
    ['what nobody else takes', { defaultBackend: { service: { name: 'shop' } } }],
    ['nothing that can be read', { rules: 'x' }],
  ])('have no Ingress for %s', (_, spec) => {
    expect(adopt([ingress(spec)], PREVIEW).own).toEqual([]);
    expect(adopt([ingress(spec)], PRODUCTION).own).toHaveLength(1);
  });

  test('have the rules of an Ingress that are their own, and not its default', () => {
    const rules = [{ http }, { host: 'a.example.com', http }];
    expect(specOf(ingress({ defaultBackend: {}, ingressClassName: 'alb', rules }))).toEqual({
      ingressClassName: 'alb',
      rules: [{ host: 'blue.a.example.com', http }],
    });
  });

  test('have routes of the Gateway API by the same rule', () => {
    expect(specOf(route(['shop.example.com']))).toMatchObject({ hostnames: ['blue.shop.example.com'] });
    expect(adopt([route()], PREVIEW).own).toEqual([]);
  });

  test('take no names by annotations, and no addresses and ports of machines', () => {
    const annotations = { 'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com', team: 'blue' };
    const ports = [{ port: 80, nodePort: 30080 }];
    const spec = { type: 'NodePort', externalIPs: ['192.0.2.1'], loadBalancerIP: '192.0.2.2', ports };
    const said = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop', annotations }, spec };
    const [service] = adopt([said], PREVIEW).own;
    expect(service?.spec).toEqual({ type: 'NodePort', ports: [{ port: 80 }] });
    expect(Object.keys(service?.metadata.annotations ?? {})).not.toContain(Object.keys(annotations)[0]);
    expect(service?.metadata.annotations).toMatchObject({ team: 'blue' });
    expect(specOf(said, PRODUCTION)).toEqual(spec);
  });
});
