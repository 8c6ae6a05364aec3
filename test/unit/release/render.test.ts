import { describe, expect, it } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { type Rendering, render } from '../../../lib/release/render.ts';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { KubernetesObject, Release } from '../../../lib/release/types.ts';

const IMAGE = `registry.test/fairlead/web@sha256:${'a'.repeat(64)}`;

function make(file = '', more: Partial<Rendering> = {}, user?: string): Release {
  const app = decideApp({
    name: 'web',
    file,
    image: { exposedPorts: [8080], ...(user !== undefined && { user }) },
    defaults: { service: 'ClusterIP' },
  });
  return render({
    app,
    image: IMAGE,
    environment: { name: 'production', namespace: 'shop' },
    commit: '0123456789abcdef0123456789abcdef01234567',
    number: 3,
    createdAt: new Date('2026-11-01T10:00:00Z'),
    ...more,
  });
}

function resource(release: Release, kind: string): KubernetesObject & { spec: Record<string, unknown> } {
  const found = release.resources.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found as KubernetesObject & { spec: Record<string, unknown> };
}

// biome-ignore lint/suspicious/noExplicitAny: a pod spec is as deep as it is wide; the assertions say what is meant
const podSpec = (release: Release) => (resource(release, 'Deployment').spec.template as any).spec;

it('is the same bytes for the same input', () => {
  expect(JSON.stringify(make('env: { B: 2, A: 1 }'))).toBe(JSON.stringify(make('env: { A: 1, B: 2 }')));
});

it('places pods on nodes that run what the image is for', () => {
  const image = { exposedPorts: [8080], architecture: 'arm64' };
  const app = decideApp({ name: 'web', image, defaults: { service: 'ClusterIP' } });
  expect(podSpec(make('', { app })).nodeSelector).toEqual({ 'kubernetes.io/arch': 'arm64' });
  expect(podSpec(make()).nodeSelector).toBeUndefined();
});

it('renders the Deployment last, and what its pods need before', () => {
  expect(make().resources.map(({ kind }) => kind)).toEqual([
    'Namespace',
    'ServiceAccount',
    'Service',
    'PodDisruptionBudget',
    'Deployment',
  ]);
  expect(make('replicas: 1').resources.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
});

it('marks every resource with whose it is and which release made it', () => {
  const release = make();
  for (const { metadata } of release.resources) {
    expect(metadata.labels).toEqual({
      'app.kubernetes.io/name': 'web',
      'app.kubernetes.io/instance': 'web-production',
      'app.kubernetes.io/managed-by': 'fairlead',
      'app.kubernetes.io/version': '0123456789ab',
    });
    expect(metadata.annotations).toEqual({
      'fairlead.dev/release': '3',
      'fairlead.dev/commit': '0123456789abcdef0123456789abcdef01234567',
    });
  }
  expect(release.resources.map(({ metadata }) => metadata.namespace)).toEqual([
    undefined,
    'shop',
    'shop',
    'shop',
    'shop',
  ]);
});

it('has pods that do not change with the commit or the number', () => {
  const other = make('', { commit: 'f'.repeat(40), number: 4 });
  expect(resource(other, 'Deployment').spec).toEqual(resource(make(), 'Deployment').spec);
});

it('selects its pods by what never changes', () => {
  const deployment = resource(make(), 'Deployment').spec as {
    selector: { matchLabels: object };
    template: { metadata: { labels: object } };
  };
  const selector = {
    'app.kubernetes.io/name': 'web',
    'app.kubernetes.io/instance': 'web-production',
    'app.kubernetes.io/managed-by': 'fairlead',
  };
  expect(deployment.selector.matchLabels).toEqual(selector);
  expect(deployment.template.metadata.labels).toEqual(selector);
  expect(resource(make(), 'Service').spec.selector).toEqual(selector);
});

it('never has fewer pods than it should while it rolls out, and gives up after its patience', () => {
  expect(resource(make('patience: 90'), 'Deployment').spec).toMatchObject({
    replicas: 2,
    progressDeadlineSeconds: 90,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } },
  });
});

it('finds its port by name, so that the number may change during a rollout', () => {
  expect(resource(make('port: 3000'), 'Service').spec.ports).toEqual([
    { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
  ]);
  const [container] = podSpec(make('port: 3000')).containers;
  expect(container.ports).toEqual([{ name: 'http', containerPort: 3000, protocol: 'TCP' }]);
  expect(container.env[0]).toEqual({ name: 'PORT', value: '3000' });
  expect(container.readinessProbe).toMatchObject({ tcpSocket: { port: 'http' } });
});

it('asks the health path where there is one', () => {
  const [container] = podSpec(make('health: /healthz')).containers;
  expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'http' } });
});

it('goes on serving after it was told to go, and has its own time after that', () => {
  const pod = podSpec(make('terminationGracePeriod: 10\nservice: LoadBalancer'));
  expect(pod.containers[0].lifecycle).toEqual({ preStop: { sleep: { seconds: 20 } } });
  expect(pod.terminationGracePeriodSeconds).toBe(30);
});

describe('the security context', () => {
  it('drops what a web server does not need', () => {
    const pod = podSpec(make());
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toEqual({ seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
  });
  it('insists on the user of the image where it is not root', () => {
    expect(podSpec(make('', {}, '1000')).securityContext).toMatchObject({ runAsNonRoot: true });
  });
  it('keeps what the file asks for, and what a low port needs', () => {
    const file = 'port: 80\ncapabilities: [SETUID, CHOWN]';
    expect(podSpec(make(file)).containers[0].securityContext.capabilities).toEqual({
      drop: ['ALL'],
      add: ['CHOWN', 'NET_BIND_SERVICE', 'SETUID'],
    });
  });
});

it('refuses a namespace that cannot be one', () => {
  expect(() => make('', { environment: { name: 'x', namespace: 'Shop' } })).toThrow(
    "'Shop' is no name for the namespace",
  );
});

it('goes back to the content of a release under a new number', () => {
  const good = make();
  const back = rollbackTo(good, 9, new Date('2026-11-02T00:00:00Z'));
  expect(back).toMatchObject({
    number: 9,
    commit: good.commit,
    image: good.image,
    createdAt: '2026-11-02T00:00:00.000Z',
  });
  expect(back.resources.map(({ metadata }) => metadata.annotations?.['fairlead.dev/release'])).toEqual(
    Array(5).fill('9'),
  );
  expect(resource(back, 'Deployment').spec).toEqual(resource(good, 'Deployment').spec);
  expect(good.number).toBe(3);
  expect(good.resources[0]?.metadata.annotations?.['fairlead.dev/release']).toBe('3');
});
