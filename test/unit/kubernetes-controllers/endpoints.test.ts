import { expect, test } from 'vitest';
import { planEndpoints } from '../../../local/kubernetes/controllers/endpoints/plan.ts';
import type { Service } from '../../../local/kubernetes/controllers/types.ts';
import { pod, ready } from './objects.ts';

const service = (spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { ...pod('web').metadata, labels: {} },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
});

const at = (ip: string, rest: object = {}) => ({ status: { podIP: ip, conditions: ready(), ...rest } });

const found = (wanted: Service, pods: ReturnType<typeof pod>[]) =>
  planEndpoints(wanted, pods).map(({ targetPort, ready: up, notReady }) => ({
    targetPort,
    ready: up.map(({ metadata }) => metadata.name),
    notReady: notReady.map(({ metadata }) => metadata.name),
  }));

test('ready and other pods are told apart; those that go, or have no address, are left out', () => {
  const pods = [
    pod('up', at('10.0.0.1')),
    pod('down', at('10.0.0.2', { conditions: [] })),
    pod('going', { ...at('10.0.0.3'), metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    pod('done', at('10.0.0.4', { phase: 'Succeeded' })),
    pod('new', { status: { phase: 'Pending' } }),
    pod('other', { ...at('10.0.0.5'), metadata: { labels: { app: 'other' } } }),
  ];
  expect(found(service(), pods)).toEqual([{ targetPort: 8080, ready: ['up'], notReady: ['down'] }]);
});

test('a target port is a number, a name in the pod, or the port itself', () => {
  const up = [pod('up', at('10.0.0.1'))];
  expect(found(service({ ports: [{ port: 80, targetPort: 9090 }] }), up)[0]?.targetPort).toBe(9090);
  expect(found(service({ ports: [{ port: 80 }] }), up)[0]?.targetPort).toBe(80);
  expect(found(service({ ports: [{ port: 80, targetPort: 'metrics' }] }), up)).toEqual([]);
});

test('a Service without a selector is its author’s', () => {
  expect(found(service({ selector: {} }), [pod('up', at('10.0.0.1'))])).toEqual([]);
});
