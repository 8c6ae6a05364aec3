import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Adoption, adopt } from '../../../lib/manifests/adopt.ts';
import { pack, unpack } from '../../../lib/manifests/pack.ts';
import type { KubernetesObject } from '../../../lib/release/types.ts';
import { namesOf } from './repository.ts';

const IMAGE = `registry/shop@sha256:${'a'.repeat(64)}`;
const ADOPTION: Adoption = {
  app: 'shop',
  environment: { name: 'production', namespace: 'shop' },
  image: IMAGE,
  architecture: 'arm64',
  service: 'LoadBalancer',
  loadBalancers: 'internet-facing',
  patience: 60,
  commit: 'c'.repeat(40),
  number: 7,
};
const IDENTITY = {
  'app.kubernetes.io/name': 'shop',
  'app.kubernetes.io/instance': 'shop-production',
  'app.kubernetes.io/managed-by': 'fairlead',
};

type Fields = Record<string, unknown>;

function workload(kind: string, name: string, podLabels: Record<string, string>, spec: Fields = {}) {
  const selector = { matchLabels: podLabels };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector,
      template: {
        metadata: { labels: podLabels },
        spec: { containers: [{ name: 'a', image: 'IMAGE' }], ...spec },
      },
    },
  } satisfies KubernetesObject;
}

function simple(kind: string, name: string, annotations?: Record<string, string>): KubernetesObject {
  return { apiVersion: 'v1', kind, metadata: { name, ...(annotations && { annotations }) } };
}

describe('own objects in a release', () => {
  test('say whose they are, and which release wrote them', () => {
    const { own } = adopt([workload('Deployment', 'web', { app: 'web' })], ADOPTION);
    expect(own[0]?.metadata).toEqual({
      name: 'web',
      namespace: 'shop',
      labels: { ...IDENTITY, 'app.kubernetes.io/version': 'cccccccccccc' },
      annotations: { 'fairlead.dev/release': '7', 'fairlead.dev/commit': 'c'.repeat(40) },
    });
  });

  test('keep their selectors, and labels of pods that those may look for', () => {
    const labels = { 'app.kubernetes.io/name': 'chart', 'app.kubernetes.io/instance': 'rel' };
    const { own } = adopt([workload('StatefulSet', 'db', labels)], ADOPTION);
    expect(own[0]?.spec).toMatchObject({
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels: { ...labels, 'app.kubernetes.io/managed-by': 'fairlead', 'fairlead.dev/process': 'db' },
        },
      },
    });
    // The object itself is Fairlead's, whatever its pods are called.
    expect(own[0]?.metadata.labels).toMatchObject(IDENTITY);
  });

  test('have the image by its digest wherever it runs, and run where it can', () => {
    const cron: KubernetesObject = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly' },
      spec: {
        jobTemplate: { spec: { template: { spec: { containers: [{ name: 'a', image: 'IMAGE:latest' }] } } } },
      },
    };
    const init = workload(
      'DaemonSet',
      'agent',
      {},
      {
        initContainers: [{ name: 'i', image: 'app' }],
        containers: [{ name: 'b', image: 'busybox:1' }],
      },
    );
    const { own } = adopt([cron, init], ADOPTION);
    expect(JSON.stringify(own)).not.toContain('"IMAGE');
    expect(own[0]?.spec).toMatchObject({
      template: {
        spec: {
          initContainers: [{ image: IMAGE }],
          containers: [{ image: 'busybox:1' }],
          nodeSelector: { 'kubernetes.io/arch': 'arm64' },
        },
      },
    });
    expect(own[1]?.spec).toMatchObject({
      jobTemplate: { spec: { template: { spec: { containers: [{ image: IMAGE }] } } } },
    });
  });

  test('are placed by the user where the user says so', () => {
    const said = workload('Deployment', 'a', {}, { nodeSelector: { 'kubernetes.io/arch': 'amd64' } });
    const affine = workload('Deployment', 'b', {}, { affinity: { nodeAffinity: {} } });
    const other = workload('Deployment', 'c', {}, { containers: [{ name: 'x', image: 'nginx:1' }] });
    const { own } = adopt([said, affine, other], ADOPTION);
    const selectors = own.map((one) => (one.spec as ReturnType<typeof workload>['spec']).template.spec);
    expect(selectors.map((spec) => (spec as Fields).nodeSelector)).toEqual([
      { 'kubernetes.io/arch': 'amd64' },
      undefined,
      undefined,
    ]);
  });

  test('come in the order in which they need each other', () => {
    const kinds = [
      'Ingress',
      'Deployment',
      'Widget',
      'Service',
      'PersistentVolumeClaim',
      'Secret',
      'RoleBinding',
      'Role',
      'ServiceAccount',
      'ResourceQuota',
    ];
    const { own } = adopt(
      [...kinds.map((kind) => simple(kind, 'x')), simple('ConfigMap', 'a'), simple('ConfigMap', 'b')],
      ADOPTION,
    );
    expect(namesOf(own)).toEqual([
      'ResourceQuota x',
      'ServiceAccount x',
      'Role x',
      'RoleBinding x',
      'ConfigMap a',
      'ConfigMap b',
      'Secret x',
      'PersistentVolumeClaim x',
      'Widget x',
      'Service x',
      'Deployment x',
      'Ingress x',
    ]);
  });

  test('are jobs of this release where they are hooks, by weight, without what is for Helm', () => {
    const job = (name: string, weight: string) =>
      simple('Job', name, {
        'helm.sh/hook': 'pre-upgrade',
        'helm.sh/hook-weight': weight,
        'helm.sh/hook-delete-policy': 'x',
        keep: 'me',
      });
    const { own, ownJobs } = adopt(
      [
        job('b', '5'),
        job('a', '5'),
        job('c'.repeat(63), '-1'),
        simple('ServiceAccount', 's', { 'helm.sh/hook': 'pre-install' }),
      ],
      ADOPTION,
    );
    expect(namesOf(own)).toEqual(['ServiceAccount s']);
    expect(ownJobs.map(({ metadata }) => metadata.name)).toEqual([
      expect.stringMatching(/^c+-[0-9a-f]{8}-7$/),
      'a-7',
      'b-7',
    ]);
    for (const { metadata } of ownJobs) {
      expect(metadata.name.length).toBeLessThan(64);
      expect(metadata.annotations).toMatchObject({ keep: 'me' });
      expect(Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('helm'))).toEqual([]);
    }
  });

  test('leave no job that is gone as soon as it has ended, or that never ends', () => {
    const specOf = (spec: object) => {
      const job = { ...simple('Job', 'migrate', { 'helm.sh/hook': 'pre-upgrade' }), spec };
      return adopt([job], ADOPTION).ownJobs[0]?.spec;
    };
    expect(specOf({})).toMatchObject({ ttlSecondsAfterFinished: 86_400, activeDeadlineSeconds: 3600 });
    expect(specOf({ ttlSecondsAfterFinished: 0, activeDeadlineSeconds: 7200 })).toMatchObject({
      ttlSecondsAfterFinished: 86_400,
      activeDeadlineSeconds: 7200,
    });
    expect(specOf({ ttlSecondsAfterFinished: 604_800 })).toMatchObject({ ttlSecondsAfterFinished: 604_800 });
  });

  test('get the type of the installation where they ask for it', () => {
    const service: KubernetesObject = {
      ...simple('Service', 'shop', { 'fairlead.dev/exposed': 'as-installed' }),
      spec: { type: 'ClusterIP' },
    };
    const { own } = adopt([service, { ...simple('Service', 'db'), spec: { type: 'ClusterIP' } }], ADOPTION);
    expect(own.map(({ spec }) => spec)).toEqual([{ type: 'LoadBalancer' }, { type: 'ClusterIP' }]);
    expect(own[0]?.metadata.annotations).not.toHaveProperty('fairlead.dev/exposed');
  });

  test('are load balancers as the installation says where they ask for it, and else as they say', () => {
    const scheme = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
    const exposed = (annotations: Record<string, string> = {}): KubernetesObject => ({
      ...simple('Service', 'shop', { 'fairlead.dev/exposed': 'as-installed', ...annotations }),
      spec: { type: 'ClusterIP' },
    });
    const own = { ...simple('Service', 'own'), spec: { type: 'LoadBalancer' } };
    const schemes = (objects: KubernetesObject[], more: Partial<Adoption> = {}) =>
      adopt(objects, { ...ADOPTION, loadBalancers: 'internal', ...more }).own.map(
        ({ metadata }) => metadata.annotations?.[scheme],
      );
    expect(schemes([exposed(), own])).toEqual(['internal', undefined]);
    expect(schemes([exposed({ [scheme]: 'internet-facing' })])).toEqual(['internet-facing']);
    expect(schemes([exposed()], { service: 'NodePort' })).toEqual([undefined]);
  });

  test('are waited for as long as the app says, where they do not say it', () => {
    const said = workload('Deployment', 'b', {});
    const { own } = adopt(
      [workload('Deployment', 'a', {}), { ...said, spec: { ...said.spec, progressDeadlineSeconds: 5 } }],
      ADOPTION,
    );
    expect(own.map(({ spec }) => (spec as Fields).progressDeadlineSeconds)).toEqual([60, 5]);
  });

  test('keep what selects their pods, whatever that is', () => {
    const key = fc.constantFrom(
      ...Object.keys(IDENTITY),
      'app',
      'fairlead.dev/process',
      'fairlead.dev/track',
    );
    const labels = fc.dictionary(key, fc.stringMatching(/^[a-z]{1,5}$/), { minKeys: 1 });
    const kind = fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet');
    fc.assert(
      fc.property(labels, kind, (selected, of) => {
        const [adopted] = adopt([workload(of, 'w', selected)], ADOPTION).own;
        const spec = adopted?.spec as ReturnType<typeof workload>['spec'];
        expect(spec.selector.matchLabels).toEqual(selected);
        expect(spec.template.metadata.labels).toMatchObject(selected);
        expect(adopted?.metadata.labels).toMatchObject(IDENTITY);
      }),
    );
  });

  test('do not change what they are made from, and come out the same twice', () => {
    const objects = [workload('Deployment', 'web', { app: 'web' })];
    const before = JSON.stringify(objects);
    expect(adopt(objects, ADOPTION)).toEqual(adopt(objects, ADOPTION));
    expect(JSON.stringify(objects)).toBe(before);
  });
});

describe('packed objects', () => {
  test('come out as they were', () => {
    const objects = [workload('Deployment', 'web', { app: 'wéb' })];
    expect(unpack(pack(objects, 'k8s'))).toEqual(objects);
  });

  test('are refused when a release could not hold them, naming the largest', () => {
    const large = { ...simple('ConfigMap', 'dashboards'), data: { a: 'x'.repeat(170 * 1024) } };
    expect(() => pack([large, simple('Service', 'web')], 'k8s')).toThrow(/largest is ConfigMap dashboards/);
  });

  test('are refused when they cannot be compressed enough', () => {
    const noise = randomBytes(100 * 1024).toString('base64');
    expect(() => pack([{ ...simple('ConfigMap', 'noise'), data: { a: noise } }], 'k8s')).toThrow(/too large/);
  });
});
