import { describe, expect, test } from 'vitest';
import { extract } from '../../../lib/rollout/extract.ts';

const fieldsV1 = {
  'f:metadata': {
    'f:annotations': { '.': {}, 'f:fairlead.dev/fence': {}, 'f:fairlead.dev/release': {} },
    'f:labels': { '.': {}, 'f:app': {} },
  },
  'f:spec': {
    'f:replicas': {},
    'f:template': {
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': {
            '.': {},
            'f:name': {},
            'f:image': {},
            'f:command': {},
            'f:ports': { 'k:{"containerPort":8080,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
            'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:memory': {} } },
          },
        },
        'f:volumes': { 'k:{"name":"tmp"}': { '.': {}, 'f:name': {}, 'f:emptyDir': {} } },
      },
    },
    'f:finalizers': { 'v:"fairlead"': {} },
  },
};

const live = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: '1',
    resourceVersion: '7',
    labels: { app: 'web', team: 'theirs' },
    annotations: { 'fairlead.dev/fence': '9', 'fairlead.dev/release': '3', 'their.own/note': 'x' },
    managedFields: [
      { manager: 'fairlead', operation: 'Apply', apiVersion: 'apps/v1', fieldsV1 },
      { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:status': {} } },
      { manager: 'fairlead', operation: 'Update', subresource: 'scale', fieldsV1: { 'f:status': {} } },
    ],
  },
  spec: {
    replicas: 2,
    revisionHistoryLimit: 10,
    finalizers: ['theirs', 'fairlead'],
    template: {
      spec: {
        restartPolicy: 'Always',
        volumes: [{ name: 'tmp', emptyDir: {} }],
        containers: [
          { name: 'injected', image: 'proxy' },
          {
            name: 'web',
            image: 'registry/web@sha256:1',
            command: ['/web', 'serve'],
            imagePullPolicy: 'IfNotPresent',
            ports: [{ containerPort: 8080, protocol: 'TCP' }],
            resources: { limits: { memory: '1Gi' }, requests: { memory: '1Gi' } },
          },
        ],
      },
    },
  },
  status: { readyReplicas: 2 },
};

describe('what Fairlead has applied of a live object', () => {
  test('is its own fields, without what others have set and what the API has added', () => {
    expect(extract(live as never)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web',
        namespace: 'shop',
        labels: { app: 'web' },
        annotations: { 'fairlead.dev/release': '3' },
      },
      spec: {
        replicas: 2,
        finalizers: ['fairlead'],
        template: {
          spec: {
            volumes: [{ name: 'tmp', emptyDir: {} }],
            containers: [
              {
                name: 'web',
                image: 'registry/web@sha256:1',
                command: ['/web', 'serve'],
                ports: [{ containerPort: 8080, protocol: 'TCP' }],
                resources: { limits: { memory: '1Gi' } },
              },
            ],
          },
        },
      },
    });
  });

  test('is nothing of what somebody else made', () => {
    const metadata = { ...live.metadata, managedFields: live.metadata.managedFields.slice(1) };
    expect(extract({ ...live, metadata } as never)).toBeUndefined();
  });

  test('leaves the values of a Secret where they are read from', () => {
    const all = {
      'f:data': { 'f:KEY': {} },
      'f:metadata': { 'f:annotations': { 'f:fairlead.dev/secrets-manager': {} } },
    };
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      data: { KEY: 'c2VjcmV0' },
      metadata: {
        name: 'web',
        namespace: 'shop',
        annotations: { 'fairlead.dev/secrets-manager': '[]' },
        managedFields: [{ manager: 'fairlead', operation: 'Apply', fieldsV1: all }],
      },
    };
    expect(extract(secret as never)).not.toHaveProperty('data');
  });
});
