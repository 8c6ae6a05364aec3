import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { addressOf, internalName } from '../../../lib/rollout/address.ts';

const READY = '{ type: Ready, status: "True" }';
const NODE = `{ status: { conditions: [${READY}], addresses: [{ type: InternalIP, address: 10.0.0.5 }] } }`;
const PUBLIC = `{ status: { conditions: [${READY}], addresses: [{ type: InternalIP, address: 10.0.0.6 }, { type: ExternalIP, address: 203.0.113.6 }] } }`;
const DOWN =
  '{ status: { conditions: [{ type: Ready, status: Unknown }], addresses: [{ type: ExternalIP, address: 203.0.113.7 }] } }';
const PORT = 'ports: [{ port: 80, nodePort: 30080 }]';

it.each([
  ['a ClusterIP', `{ spec: { type: ClusterIP, clusterIP: 10.96.0.7, ${PORT} } }`, '[]', 'http://10.96.0.7'],
  [
    'a ClusterIP on another port',
    '{ spec: { clusterIP: 10.96.0.7, ports: [{ port: 8080 }] } }',
    '[]',
    'http://10.96.0.7:8080',
  ],
  ['a ClusterIP of version 6', `{ spec: { clusterIP: "fd00::7", ${PORT} } }`, '[]', 'http://[fd00::7]'],
  ['a NodePort', `{ spec: { type: NodePort, ${PORT} } }`, `[${NODE}]`, 'http://10.0.0.5:30080'],
  [
    'a NodePort on a public node',
    `{ spec: { type: NodePort, ${PORT} } }`,
    `[${DOWN}, ${NODE}, ${PUBLIC}]`,
    'http://203.0.113.6:30080',
  ],
  [
    'a load balancer by name',
    `{ spec: { type: LoadBalancer, ${PORT} }, status: { loadBalancer: { ingress: [{ hostname: a.elb.example }] } } }`,
    '[]',
    'http://a.elb.example',
  ],
  [
    'a load balancer by address',
    `{ spec: { type: LoadBalancer, ${PORT} }, status: { loadBalancer: { ingress: [{ ip: 203.0.113.9 }] } } }`,
    '[]',
    'http://203.0.113.9',
  ],
])('%s has a URL', (_, service, nodes, url) => {
  expect(addressOf(parse(service), parse(nodes))).toEqual({ kind: 'url', url });
});

it.each([
  [
    'a load balancer that is being made',
    `{ spec: { type: LoadBalancer, ${PORT} }, status: { loadBalancer: {} } }`,
    '[]',
    'pending',
  ],
  ['a NodePort whose nodes may not be read', `{ spec: { type: NodePort, ${PORT} } }`, undefined, 'internal'],
  [
    'a NodePort without a node that is ready',
    `{ spec: { type: NodePort, ${PORT} } }`,
    `[${DOWN}]`,
    'internal',
  ],
  ['a headless Service', `{ spec: { clusterIP: None, ${PORT} } }`, '[]', 'internal'],
])('%s has none', (_, service, nodes, kind) => {
  expect(addressOf(parse(service), nodes === undefined ? undefined : parse(nodes))).toEqual({ kind });
});

it('names a Service inside the cluster', () => {
  expect(internalName('web', 'shop')).toBe('web.shop.svc.cluster.local');
});
