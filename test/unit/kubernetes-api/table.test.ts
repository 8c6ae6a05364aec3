import { describe, expect, test } from 'vitest';
import { resource } from '../../../local/kubernetes/api/kinds.ts';
import { humanDuration } from '../../../local/kubernetes/api/table/age.ts';
import { tableOf } from '../../../local/kubernetes/api/table/table.ts';
import type { KubernetesObject } from '../../../local/kubernetes/object.ts';

function cellsOf(group: string, plural: string, content: object): Record<string, unknown> {
  const kind = resource(group, 'v1', plural);
  if (!kind) throw new Error(plural);
  const metadata = {
    name: 'x',
    uid: '',
    resourceVersion: '1',
    creationTimestamp: new Date(Date.now() - 65_000).toISOString(),
  };
  const object = {
    apiVersion: 'v1',
    kind: kind.kind,
    ...content,
    metadata: { ...metadata, ...(content as KubernetesObject).metadata },
  };
  const { columnDefinitions, rows } = tableOf(kind, [object]);
  return Object.fromEntries(columnDefinitions.map(({ name }, index) => [name, rows[0]?.cells[index]]));
}

describe('ages', () => {
  test.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [200, '3m20s'],
    [3_600, '60m'],
    [10_800, '3h'],
    [12_000, '3h20m'],
    [86_400, '24h'],
    [200_000, '2d7h'],
    [864_000, '10d'],
    [86_400 * 800, '2y70d'],
  ])('%i seconds are %s', (seconds, text) => expect(humanDuration(1000 * seconds)).toBe(text));
});

describe('pods', () => {
  const spec = { containers: [{ name: 'web', image: 'x' }], nodeName: 'node' };
  const statusOf = (state: object, more: object = {}) => ({
    spec,
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'web', ready: false, restartCount: 0, state, ...more }],
    },
  });

  test.each([
    ['Running', statusOf({ running: {} }, { ready: true }), '1/1'],
    ['CrashLoopBackOff', statusOf({ waiting: { reason: 'CrashLoopBackOff' } }), '0/1'],
    ['ImagePullBackOff', statusOf({ waiting: { reason: 'ImagePullBackOff' } }), '0/1'],
    ['ContainerCreating', statusOf({ waiting: { reason: 'ContainerCreating' } }), '0/1'],
    ['Error', statusOf({ terminated: { reason: 'Error', exitCode: 1 } }), '0/1'],
    ['ExitCode:3', statusOf({ terminated: { exitCode: 3 } }), '0/1'],
    ['Signal:9', statusOf({ terminated: { signal: 9, exitCode: 137 } }), '0/1'],
    ['Pending', { spec, status: { phase: 'Pending' } }, '0/1'],
    ['Evicted', { spec, status: { phase: 'Failed', reason: 'Evicted' } }, '0/1'],
    [
      'Terminating',
      { ...statusOf({ running: {} }), metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      '0/1',
    ],
    [
      'Init:0/1',
      {
        spec: { ...spec, initContainers: [{ name: 'i' }] },
        status: { phase: 'Pending', initContainerStatuses: [{ state: { running: {} } }] },
      },
      '0/1',
    ],
    [
      'Init:Error',
      {
        spec: { ...spec, initContainers: [{ name: 'i' }] },
        status: { initContainerStatuses: [{ state: { terminated: { reason: 'Error', exitCode: 1 } } }] },
      },
      '0/1',
    ],
  ])('%s', (status, pod, ready) => {
    expect(cellsOf('', 'pods', pod)).toMatchObject({
      Status: status,
      Ready: ready,
      Node: 'node',
      IP: '<none>',
    });
  });

  test('restarts say when the last one was', () => {
    const finishedAt = new Date(Date.now() - 30_500).toISOString();
    const pod = statusOf(
      { running: {} },
      { restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt } } },
    );
    expect(cellsOf('', 'pods', pod).Restarts).toBe('2 (30s ago)');
  });
});

test('services show their ports, addresses and selectors', () => {
  const spec = {
    type: 'NodePort',
    clusterIP: '10.96.0.11',
    ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }],
    selector: { app: 'web' },
  };
  expect(cellsOf('', 'services', { spec })).toMatchObject({
    'Cluster-IP': '10.96.0.11',
    'External-IP': '<none>',
    'Port(s)': '80:30080/TCP',
    Selector: 'app=web',
  });
  const balanced = { ...spec, type: 'LoadBalancer' };
  expect(cellsOf('', 'services', { spec: balanced })['External-IP']).toBe('<pending>');
  expect(
    cellsOf('', 'services', {
      spec: balanced,
      status: { loadBalancer: { ingress: [{ hostname: 'localhost' }] } },
    })['External-IP'],
  ).toBe('localhost');
});

test('endpoints beyond the third are counted', () => {
  const addresses = ['1', '2', '3', '4', '5'].map((last) => ({ ip: `10.0.0.${last}` }));
  expect(cellsOf('', 'endpoints', { subsets: [{ addresses, ports: [{ port: 80 }] }] }).Endpoints).toBe(
    '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...',
  );
});

test('nodes show how they are and what they run', () => {
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'Debian' },
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
  };
  const metadata = { labels: { 'node-role.kubernetes.io/control-plane': '' } };
  expect(cellsOf('', 'nodes', { metadata, spec: {}, status })).toMatchObject({
    Status: 'Ready',
    Roles: 'control-plane',
    Version: 'v1.32.0',
    'Internal-IP': '127.0.0.1',
    'External-IP': '<none>',
  });
});
