import type { Deployment, Pod, ReplicaSet } from '../../../local/kubernetes/controllers/types.ts';

/** Objects as the store holds them, with only what a test says. */
export function deployment(
  spec: Partial<Deployment['spec']> = {},
  rest: Partial<Deployment> = {},
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta('web'),
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template('v1'),
      ...spec,
    },
    ...rest,
  };
}

export function replicaSet(
  name: string,
  size: number,
  status: ReplicaSet['status'] = { replicas: size, availableReplicas: size, readyReplicas: size },
  tag = name,
): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: meta(name),
    spec: { replicas: size, selector: { matchLabels: { app: 'web' } }, template: template(tag) },
    ...(status && { status }),
  };
}

export function pod(name: string, change: { spec?: object; status?: object; metadata?: object } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta(name), labels: { app: 'web' }, ...change.metadata },
    spec: {
      containers: [{ name: 'web', image: 'web:v1', ports: [{ name: 'http', containerPort: 8080 }] }],
      ...change.spec,
    },
    status: { phase: 'Running', ...change.status },
  };
}

export function ready(since = '2026-01-01T00:00:00Z') {
  return [{ type: 'Ready', status: 'True', lastTransitionTime: since }];
}

export function template(tag: string) {
  return {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: `web:${tag}` }] },
  };
}

function meta(name: string) {
  return {
    name,
    namespace: 'default',
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
}
