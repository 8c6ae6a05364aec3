import { describe, expect, it } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { type Rendering, secretIdsOf } from '../../../lib/release/render.ts';
import { rollbackTo } from '../../../lib/release/rollback.ts';
import type { KubernetesObject, Release } from '../../../lib/release/types.ts';
import { type Any, COMMIT, FULL, IMAGE, make, one, podTemplates } from './making.ts';
import { violations } from './restricted.ts';

const resource = (release: Release, kind: string, name?: string): Any => one(release.resources, kind, name);
const podSpec = (release: Release, name = 'web') => resource(release, 'Deployment', name).spec.template.spec;
const names = (resources: readonly KubernetesObject[]) =>
  resources.map(({ kind, metadata: { name } }) => `${kind} ${name}`.replace(/[0-9a-f]{10}$/, 'HASH'));

it('is the same bytes for the same input', () => {
  const written = `
env: { A: 1, B: 2 }
secrets: { C: { kubernetes: c }, D: { secretsManager: shop/license } }
config: { /a: a, /b/c: c }
service: { annotations: { a: "1", b: "2" } }
ingress: { annotations: { a: "1", b: "2" } }
processes: { x: {}, y: { port: 1 } }
cron: { m: { schedule: "@daily" }, n: { schedule: "@daily" } }`;
  const otherwise = `
cron: { n: { schedule: "@daily" }, m: { schedule: "@daily" } }
processes: { y: { port: 1 }, x: {} }
ingress: { annotations: { b: "2", a: "1" } }
service: { annotations: { b: "2", a: "1" } }
config: { /b/c: c, /a: a }
secrets: { D: { secretsManager: shop/license }, C: { kubernetes: c } }
env: { B: 2, A: 1 }`;
  expect(JSON.stringify(make(otherwise))).toBe(JSON.stringify(make(written)));
});

it('renders everything that is said, in an order in which nothing is missing', () => {
  expect(names(make(FULL).resources)).toEqual([
    'Namespace shop',
    'ServiceAccount web',
    'ConfigMap web-config-HASH',
    'Secret web-secrets-HASH',
    'Service web-admin',
    'Service web',
    'PodDisruptionBudget web-worker',
    'PodDisruptionBudget web',
    'Ingress web',
    'CronJob web-clean',
    'CronJob web-report',
    'Deployment web-admin',
    'Deployment web-worker',
    'Deployment web',
    'HorizontalPodAutoscaler web',
  ]);
  expect(names(make(FULL).jobs)).toEqual(['Job web-migrate-3', 'Job web-seed-3']);
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
  const release = make(FULL);
  for (const { metadata } of [...release.resources, ...release.jobs]) {
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'web',
      'app.kubernetes.io/instance': 'web-production',
      'app.kubernetes.io/managed-by': 'fairlead',
      'app.kubernetes.io/version': '0123456789ab',
    });
    expect(metadata.annotations).toMatchObject({
      'fairlead.dev/release': '3',
      'fairlead.dev/commit': COMMIT,
    });
  }
  const outside = release.resources.filter(({ metadata }) => metadata.namespace !== 'shop');
  expect(names(outside)).toEqual(['Namespace shop']);
});

it('has pods that do not change with the commit or the number', () => {
  const other = make('', { commit: 'f'.repeat(40), number: 4 });
  expect(resource(other, 'Deployment').spec).toEqual(resource(make(), 'Deployment').spec);
});

it('tells pods apart by app, environment, process and track', () => {
  const ids = {
    'app.kubernetes.io/name': 'web',
    'app.kubernetes.io/instance': 'web-production',
    'app.kubernetes.io/managed-by': 'fairlead',
  };
  const release = make(FULL);
  for (const [process, name] of [
    ['web', 'web'],
    ['worker', 'web-worker'],
    ['admin', 'web-admin'],
  ]) {
    const labels = { ...ids, 'fairlead.dev/process': process, 'fairlead.dev/track': 'stable' };
    const { selector, template } = resource(release, 'Deployment', name).spec;
    expect(selector.matchLabels).toEqual(labels);
    expect(template.metadata.labels).toEqual(labels);
  }
  expect(resource(release, 'Service', 'web').spec.selector).toEqual({
    ...ids,
    'fairlead.dev/process': 'web',
    'fairlead.dev/track': 'stable',
  });
  expect(resource(release, 'PodDisruptionBudget', 'web').spec.selector.matchLabels).toEqual({
    ...ids,
    'fairlead.dev/process': 'web',
  });
});

it('keeps labels and names within what the cluster takes, however long the app is called', () => {
  const app = (name: string) =>
    decideApp({ name, file: FULL, image: { exposedPorts: [80] }, defaults: { service: 'ClusterIP' } });
  const [long, other] = ['a'.repeat(63), `${'a'.repeat(62)}b`].map((name) =>
    make('', { app: app(name), number: 12345 }),
  );
  const every = [...(long?.resources ?? []), ...(long?.jobs ?? [])];
  for (const { kind, metadata } of every) {
    for (const value of Object.values(metadata.labels ?? {}))
      expect(value).toMatch(/^[a-z0-9]([-a-z0-9_.]{0,61}[a-z0-9])?$/);
    const longest = { CronJob: 52, Job: 63, Service: 63 }[kind] ?? 253;
    expect(metadata.name.length).toBeLessThanOrEqual(longest);
  }
  const taken = [...(other?.resources ?? []), ...(other?.jobs ?? [])].map(({ metadata: { name } }) => name);
  const shared = every.map(({ metadata: { name } }) => name).filter((name) => taken.includes(name));
  expect(shared).toEqual(['shop']);
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

it('means every text as it is written, where Kubernetes would put in variables', () => {
  const file = `
env: { PASSWORD: "a$$b", LATER: $(PORT), HOME: $HOME }
command: [sh, -c, "echo $$ $(date) $PORT"]
args: [$(PORT)]`;
  const [container] = podSpec(make(file)).containers;
  // Kubernetes, third_party/forked/golang/expansion: an operator after an operator stands for itself.
  const expanded = (text: string) =>
    text.replace(/\$(?:\$|\((\w+)\))/g, (_, name) => (name === undefined ? '$' : `value of ${name}`));
  expect(container.command.map(expanded)).toEqual(['sh', '-c', 'echo $$ $(date) $PORT']);
  expect(container.args.map(expanded)).toEqual(['$(PORT)']);
  expect(container.env.slice(1).map(({ value }: Any) => expanded(value))).toEqual([
    '$HOME',
    '$(PORT)',
    'a$$b',
  ]);
  expect(container.env[1].value).toBe('$HOME');
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

it('has a liveness probe only where one is asked for, and lets the program start before', () => {
  expect(podSpec(make()).containers[0]).not.toHaveProperty('livenessProbe');
  const [container] = podSpec(make('liveness: /alive\npatience: 90')).containers;
  expect(container.livenessProbe).toMatchObject({
    httpGet: { path: '/alive' },
    periodSeconds: 10,
    failureThreshold: 6,
  });
  expect(container.startupProbe).toMatchObject({
    httpGet: { path: '/alive' },
    periodSeconds: 1,
    failureThreshold: 90,
  });
  const worker = podSpec(make(FULL), 'web-worker').containers[0];
  expect(worker.livenessProbe.exec).toEqual({ command: ['/app', 'alive'] });
  expect(worker).not.toHaveProperty('readinessProbe');
  expect(worker).not.toHaveProperty('ports');
  expect(worker).not.toHaveProperty('lifecycle');
});

it('counts a pod that nobody asks as ready once it has run for a moment', () => {
  expect(resource(make(FULL), 'Deployment', 'web-worker').spec.minReadySeconds).toBe(3);
  expect(resource(make(), 'Deployment').spec).not.toHaveProperty('minReadySeconds');
});

it('spreads the pods of one Deployment over zones and nodes, if it can', () => {
  const { selector, template } = resource(make(), 'Deployment').spec;
  expect(template.spec.topologySpreadConstraints).toEqual(
    ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: selector,
    })),
  );
});

describe('variables and files', () => {
  const release = make(FULL);
  it('are told to every program', () => {
    const secret = resource(release, 'Secret').metadata.name;
    const config = resource(release, 'ConfigMap').metadata.name;
    const from = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });
    const templates = podTemplates([...release.resources, ...release.jobs]);
    expect(templates).toHaveLength(7);
    for (const { spec } of templates) {
      const env = spec.containers[0].env.filter(({ name }: Any) => name !== 'PORT' && name !== 'QUEUE');
      expect(env).toEqual([
        { name: 'COLOR', value: 'red' },
        { name: 'DATABASE_URL', ...from(secret, 'DATABASE_URL') },
        { name: 'LICENSE', ...from(secret, 'LICENSE') },
        { name: 'TOKEN', ...from('tokens', 'token') },
      ]);
      expect(spec.volumes).toEqual([{ name: 'config', configMap: { name: config } }]);
      expect(spec.containers[0].volumeMounts).toEqual([
        { name: 'config', mountPath: '/etc/shop.d/10-first', subPath: 'etc_shop.d_10-first', readOnly: true },
        {
          name: 'config',
          mountPath: '/etc/shop/settings.json',
          subPath: 'etc_shop_settings.json',
          readOnly: true,
        },
      ]);
    }
    expect(resource(release, 'ConfigMap').data).toEqual({
      'etc_shop.d_10-first': 'first',
      'etc_shop_settings.json': '{"currency": "EUR"}',
    });
  });
  it('come from Secrets Manager by reference and version, never by value', () => {
    const { metadata, data, stringData } = resource(release, 'Secret');
    expect(JSON.parse(metadata.annotations['fairlead.dev/secrets-manager'])).toEqual([
      { key: 'DATABASE_URL', id: 'shop/database', versionId: 'v1', jsonKey: 'url' },
      { key: 'LICENSE', id: 'shop/license', versionId: 'v7' },
    ]);
    expect([data, stringData]).toEqual([undefined, undefined]);
    const app = decideApp({
      name: 'web',
      file: FULL,
      image: { exposedPorts: [], env: ['PORT=1'] },
      defaults: { service: 'ClusterIP' },
    });
    expect(secretIdsOf(app)).toEqual(['shop/database', 'shop/license']);
    expect(() => make(FULL, { secretVersions: { 'shop/database': 'v1' } })).toThrow(
      'fairlead.yaml: secrets.LICENSE: Secrets Manager has no current version of the secret shop/license',
    );
  });
  it('have other names when they are others, and the same when they are the same', () => {
    const held = (file: string, versions = {}) => {
      const made = make(file, {
        number: 99,
        secretVersions: { 'shop/database': 'v1', 'shop/license': 'v7', ...versions },
      });
      return [resource(made, 'ConfigMap').metadata.name, resource(made, 'Secret').metadata.name];
    };
    const [config, secret] = held(FULL);
    expect([config, secret]).toEqual([
      resource(release, 'ConfigMap').metadata.name,
      resource(release, 'Secret').metadata.name,
    ]);
    expect(held(FULL.replace('EUR', 'USD'))).toEqual([expect.not.stringMatching(`^${config}$`), secret]);
    expect(held(FULL, { 'shop/license': 'v8' })).toEqual([config, expect.not.stringMatching(`^${secret}$`)]);
  });
  it('do not fall together in one key', () => {
    const made = make('config: { /a/b: one, /a_b: two }');
    expect(resource(made, 'ConfigMap').data).toEqual({ a_b: 'one', 'a_b-2': 'two' });
    const mounts = podSpec(made).containers[0].volumeMounts;
    expect(mounts.map(({ mountPath, subPath }: Any) => [mountPath, subPath])).toEqual([
      ['/a/b', 'a_b'],
      ['/a_b', 'a_b-2'],
    ]);
  });
});

it('scales between bounds, from the least on', () => {
  expect(resource(make(FULL), 'HorizontalPodAutoscaler').spec).toEqual({
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 3,
    maxReplicas: 9,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
      },
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 75 } },
      },
    ],
  });
  expect(resource(make(FULL), 'Deployment', 'web').spec.replicas).toBe(3);
});

it('lets requests in by name and path', () => {
  const backend = { service: { name: 'web', port: { number: 8080 } } };
  const { metadata, spec } = resource(make(FULL), 'Ingress');
  expect(spec).toEqual({
    ingressClassName: 'alb',
    tls: [{ hosts: ['production.shop.example.com'], secretName: 'web-tls' }],
    rules: [
      { host: 'production.shop.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
    ],
  });
  expect(metadata.annotations).toMatchObject({ y: '2', z: '1' });
  // Load balancers learn later than the cluster's own proxies that a pod goes.
  expect(podSpec(make('ingress: {}')).containers[0].lifecycle.preStop.sleep.seconds).toBe(20);
});

it('runs jobs to their end, and cron jobs at their time', () => {
  const migrate = one(make(FULL).jobs, 'Job', 'web-migrate-3');
  expect(migrate.spec).toMatchObject({
    backoffLimit: 1,
    activeDeadlineSeconds: 300,
    ttlSecondsAfterFinished: 86400,
  });
  expect(migrate.spec.template.spec).toMatchObject({
    restartPolicy: 'Never',
    containers: [{ name: 'migrate', image: IMAGE, command: ['/app', 'migrate'] }],
  });
  // What a Service looks for is not among the labels of its pods.
  expect(migrate.spec.template.metadata.labels).toMatchObject({ 'fairlead.dev/process': 'migrate' });
  expect(migrate.spec.template.metadata.labels).not.toHaveProperty('fairlead.dev/track');
  expect(resource(make(FULL), 'CronJob', 'web-report').spec).toMatchObject({
    schedule: '0 3 * * *',
    timeZone: 'Europe/Berlin',
    concurrencyPolicy: 'Forbid',
    suspend: false,
  });
  const clean = resource(make(FULL), 'CronJob', 'web-clean').spec;
  expect(clean).toMatchObject({ schedule: '@hourly', concurrencyPolicy: 'Allow' });
  expect(clean).not.toHaveProperty('timeZone');
  expect(clean.jobTemplate.spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 90 });
});

it('takes no requests where there is no port', () => {
  const release = make('port: none');
  expect(release).not.toHaveProperty('port');
  expect(names(release.resources)).not.toContain('Service web');
  expect(podSpec(release).containers[0].env).toEqual([]);
});

it('bounds a preview', () => {
  const release = make('', { quota: { cpu: '2', memory: '4Gi', pods: 10 } });
  expect(names(release.resources).slice(0, 3)).toEqual([
    'Namespace shop',
    'ResourceQuota fairlead',
    'LimitRange fairlead',
  ]);
  expect(resource(release, 'ResourceQuota').spec.hard).toEqual({
    pods: '10',
    'requests.cpu': '2',
    'requests.memory': '4Gi',
  });
});

describe("the app's own manifests", () => {
  const own: KubernetesObject[] = [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'front', namespace: 'shop' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { ports: [{ port: 81 }] },
    },
  ];
  it('take the place of what is rendered of processes', () => {
    expect(names(make('manifests: deploy', { own }).resources)).toEqual([
      'Namespace shop',
      'Deployment front',
      'Service web',
    ]);
  });
  it('have their own jobs run before those of the file', () => {
    const ownJobs: KubernetesObject[] = [
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'first' } },
    ];
    const release = make('manifests: deploy\njobs: { second: {} }', { own, ownJobs });
    expect(names(release.jobs)).toEqual(['Job first', 'Job web-second-3']);
  });
  it('may have jobs, cron jobs and an Ingress beside them', () => {
    const file =
      'manifests: deploy\njobs: { m: {} }\ncron: { c: { schedule: "@daily" } }\ningress: {}\nconfig: { /a: a }';
    const release = make(file, { own });
    expect(names(release.resources)).toEqual([
      'Namespace shop',
      'ServiceAccount web',
      'ConfigMap web-config-HASH',
      'Deployment front',
      'Service web',
      'Ingress web',
      'CronJob web-c',
    ]);
    expect(resource(release, 'Ingress').spec.rules[0].http.paths[0].backend.service.port).toEqual({
      number: 81,
    });
    expect(release.jobs).toHaveLength(1);
    expect(() => make(file, { own: own.slice(0, 1) })).toThrow('have no Service called web');
  });
  it('are not written twice: an account of the app’s name is theirs, a second Ingress of it a mistake', () => {
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'web', namespace: 'shop' },
    };
    const release = make('manifests: deploy\njobs: { m: {} }', { own: [account, ...own] });
    expect(release.resources.filter(({ kind }) => kind === 'ServiceAccount')).toEqual([account]);
    const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'web' } };
    expect(() => make('manifests: deploy\ningress: {}', { own: [ingress, ...own] })).toThrow(
      'fairlead.yaml: ingress: the app',
    );
    expect(() => make('manifests: deploy', { own: [ingress, ...own] })).not.toThrow();
  });
  it('get no pod of a preview to be privileged, in production it is theirs to say', () => {
    const level = (more: Partial<Rendering>) =>
      resource(make('manifests: deploy', { own, ...more }), 'Namespace').metadata.labels[
        'pod-security.kubernetes.io/enforce'
      ];
    expect(level({ quota: { cpu: '1', memory: '1Gi', pods: 5 } })).toBe('baseline');
    expect(level({})).toBeUndefined();
  });
});

describe('the security context', () => {
  it('passes the restricted standard, but that an image may run as root unless it is said that it must not', () => {
    const all = (release: Release) =>
      podTemplates([...release.resources, ...release.jobs]).flatMap(({ spec }) => violations(spec));
    const root = make(FULL.replace('user: 65532', '').replace('security: restricted', ''));
    expect(all(make(FULL))).toEqual([]);
    expect(all(make('', {}, '1000'))).toEqual([]);
    expect(all(make('port: 80', {}, '1000'))).toEqual([]);
    expect(new Set(all(root).map((what) => what.split(' ')[0]))).toEqual(new Set(['runAsNonRoot']));
    expect(all(make('capabilities: [CHOWN]', {}, '1000'))).toEqual(['capability CHOWN of web']);
    expect(all(make('security: as-is', {}, '1000')).length).toBeGreaterThan(2);
  });
  it('is whatever the image and the cluster say where that is asked for', () => {
    const pod = podSpec(make('security: as-is'));
    expect(pod).not.toHaveProperty('securityContext');
    expect(pod.containers[0]).not.toHaveProperty('securityContext');
    expect(podSpec(make('security: as-is\nuser: 5\ncapabilities: [CHOWN]'))).toMatchObject({
      securityContext: { runAsUser: 5 },
      containers: [{ securityContext: { capabilities: { add: ['CHOWN'] } } }],
    });
  });
  it('runs as another user than the image says', () => {
    expect(podSpec(make('user: 65532')).securityContext).toMatchObject({
      runAsUser: 65532,
      runAsNonRoot: true,
    });
  });

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

it('goes back to the content of a release under a new number, and runs and watches nothing again', () => {
  const good = make(FULL);
  const back = rollbackTo(good, 9, new Date('2026-11-02T00:00:00Z'));
  expect(back).toMatchObject({
    number: 9,
    commit: good.commit,
    image: good.image,
    createdAt: '2026-11-02T00:00:00.000Z',
    jobs: [],
    bake: { seconds: 0, watchFor: 0, alarms: ['errors'] },
  });
  const numbers = back.resources.map(({ metadata }) => metadata.annotations?.['fairlead.dev/release']);
  expect(new Set(numbers)).toEqual(new Set(['9']));
  const bare = ({ resources }: Release) =>
    resources.map(({ metadata: { annotations: _, ...metadata }, ...rest }) => ({ metadata, ...rest }));
  expect(bare(back)).toEqual(bare(good));
  expect(resource(back, 'Secret').metadata.annotations).toMatchObject({
    'fairlead.dev/secrets-manager': expect.stringContaining('v7'),
  });
  expect(good.number).toBe(3);
  expect(good.resources[0]?.metadata.annotations?.['fairlead.dev/release']).toBe('3');
});
