import { describe, expect, it } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import type { ImageFacts } from '../../../lib/app/types.ts';

const decide = (file?: string, image: Partial<ImageFacts> = {}, name = 'web', environment?: string) =>
  decideApp({
    name,
    ...(environment !== undefined && { environment }),
    ...(file !== undefined && { file }),
    image: { exposedPorts: [8080], ...image },
    defaults: { service: 'ClusterIP' },
  });

const web = (file?: string, image: Partial<ImageFacts> = {}) => {
  const [first] = decide(file, image).processes;
  if (first === undefined) throw new Error('no web');
  return first;
};

it('needs no file', () => {
  expect(decide()).toEqual({
    name: 'web',
    processes: [
      {
        name: 'web',
        port: 8080,
        replicas: 2,
        env: {},
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: {} },
        health: { by: 'tcp' },
        liveness: { by: 'none' },
        service: { type: 'ClusterIP', port: 80, annotations: {} },
        terminationGracePeriod: 30,
        capabilities: [],
      },
    ],
    secrets: {},
    config: {},
    jobs: [],
    cron: [],
    serviceAccount: { annotations: {} },
    security: { standard: 'restricted', runAs: 'image' },
    patience: 60,
    strategy: { kind: 'rolling' },
    bake: { seconds: 0, alarms: [], checks: [], restarts: 0, unknown: 'keep', watchFor: 0 },
  });
  expect(decide('# nothing yet\n')).toEqual(decide());
});

it('takes everything of web from the file that it says', () => {
  const file = `
port: 3000
replicas: 1
env: { MODE: fast, DEBUG: true, VERSION: 1.10, EMPTY: "", WORD: on }
command: [/bin/server]
args: [--verbose]
resources: { requests: { cpu: 1 }, limits: { memory: 64Mi } }
health: /healthz?full=1
liveness: { command: [/bin/alive] }
service: LoadBalancer
scale: { max: 7, memory: 80 }
terminationGracePeriod: 0
capabilities: [CHOWN]
`;
  expect(web(file)).toEqual({
    name: 'web',
    port: 3000,
    replicas: 1,
    // As they are written: YAML would make 1.1 of 1.10.
    env: { MODE: 'fast', DEBUG: 'true', VERSION: '1.10', EMPTY: '', WORD: 'on' },
    command: ['/bin/server'],
    args: ['--verbose'],
    // A default request above the limit would be refused by the cluster.
    resources: { requests: { cpu: '1' }, limits: { memory: '64Mi' } },
    health: { by: 'http', path: '/healthz?full=1' },
    liveness: { by: 'command', command: ['/bin/alive'] },
    service: { type: 'LoadBalancer', port: 80, annotations: {} },
    scale: { min: 1, max: 7, memory: 80 },
    terminationGracePeriod: 0,
    capabilities: ['CHOWN'],
  });
});

it('takes everything of the app from the file that it says', () => {
  const file = `
env: { COLOR: red }
secrets:
  DATABASE_URL: { secretsManager: shop/database, key: url }
  LICENSE: { secretsManager: shop/license }
  TOKEN: { kubernetes: tokens }
config: { /etc/shop.json: "{}" }
ingress: { host: "{environment}.{app}.example.com", class: alb, tls: true }
serviceAccount: { annotations: { eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/shop" } }
security: restricted
user: 65532
jobs: { second: { command: [/b] }, first: { args: [up], env: { COLOR: 7 }, timeout: 2m, retries: 3 } }
cron: { nightly: { schedule: "0 3 * * *", timeZone: Europe/Berlin, concurrency: replace, suspend: true } }
patience: 5m
strategy: { canary: { steps: [{ percent: 5, seconds: 30s }, { percent: 50 }] } }
bake:
  seconds: 2m
  alarms: [errors]
  alarmTag: { key: app, value: shop }
  checks: [{ path: /, status: 200 }, { path: /x, status: 200-204, contains: ok }, { path: /y }]
  restarts: 3
  traffic: { namespace: AWS/ApplicationELB, metric: RequestCount }
  unknown: roll-back
`;
  const resources = { requests: { cpu: '100m', memory: '128Mi' }, limits: {} };
  expect(decide(file, {}, 'shop', 'preview-x')).toMatchObject({
    secrets: {
      DATABASE_URL: { in: 'secrets-manager', id: 'shop/database', key: 'url' },
      LICENSE: { in: 'secrets-manager', id: 'shop/license' },
      TOKEN: { in: 'kubernetes', name: 'tokens', key: 'TOKEN' },
    },
    config: { '/etc/shop.json': '{}' },
    ingress: {
      host: 'preview-x.shop.example.com',
      path: '/',
      class: 'alb',
      tls: 'shop-tls',
      annotations: {},
    },
    serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/shop' } },
    security: { standard: 'restricted', runAs: 65532 },
    // In the order in which they stand: they run one after another.
    jobs: [
      { name: 'second', command: ['/b'], env: { COLOR: 'red' }, resources, timeout: 600, retries: 0 },
      { name: 'first', args: ['up'], env: { COLOR: '7' }, resources, timeout: 120, retries: 3 },
    ],
    cron: [
      {
        name: 'nightly',
        schedule: '0 3 * * *',
        timeZone: 'Europe/Berlin',
        concurrency: 'Replace',
        suspend: true,
        timeout: 3600,
        retries: 0,
      },
    ],
    patience: 300,
    strategy: {
      kind: 'canary',
      steps: [
        { percent: 5, seconds: 30 },
        { percent: 50, seconds: 60 },
      ],
    },
    bake: {
      seconds: 120,
      alarms: ['errors'],
      alarmTag: { key: 'app', value: 'shop' },
      checks: [
        { path: '/', status: [200, 200] },
        { path: '/x', status: [200, 204], contains: 'ok' },
        { path: '/y', status: [200, 399] },
      ],
      restarts: 3,
      traffic: { namespace: 'AWS/ApplicationELB', metric: 'RequestCount', dimensions: {}, minimum: 1 },
      unknown: 'roll-back',
      // Alarms go on being heard for a while, unless the file says how long.
      watchFor: 600,
    },
  });
});

it('runs several processes of one image', () => {
  const file = `
env: { COLOR: red, SIZE: s }
replicas: 3
processes:
  worker: { command: [/worker], replicas: 0, env: { SIZE: l }, terminationGracePeriod: 5m }
  admin: { port: 9000, health: /ok, scale: {} }
  web: { replicas: 4 }
`;
  expect(decide(file).processes).toMatchObject([
    { name: 'web', port: 8080, replicas: 4, env: { COLOR: 'red', SIZE: 's' } },
    {
      name: 'worker',
      replicas: 0,
      command: ['/worker'],
      env: { COLOR: 'red', SIZE: 'l' },
      health: { by: 'none' },
      terminationGracePeriod: 300,
    },
    {
      name: 'admin',
      port: 9000,
      replicas: 2,
      health: { by: 'http', path: '/ok' },
      scale: { min: 2, max: 10, cpu: 70 },
      service: { type: 'ClusterIP', port: 80 },
    },
  ]);
  expect(decide(file).processes[1]).not.toHaveProperty('port');
});

describe('an environment', () => {
  const file = `
replicas: 3
env: { A: 1, B: 2 }
secrets: { S: { secretsManager: s, key: k } }
scale: { max: 9 }
ingress: { host: shop.example.com, class: alb }
bake: { seconds: 5m, alarms: [errors] }
jobs: { migrate: { command: [/m], timeout: 5m }, seed: { command: [/s] } }
processes: { worker: { command: [/w], replicas: 2 } }
cron: { nightly: { schedule: '@daily' } }
environments:
  production: { replicas: 6 }
  preview:
    scale: none
    replicas: 1
    env: { B: 3, C: 4 }
    secrets: { S: { kubernetes: s } }
    ingress: { host: "{environment}.example.com" }
    bake: 0
    jobs: { migrate: { timeout: 1m }, seed: none }
    cron: { nightly: { suspend: true } }
    processes: { worker: none }
  preview-big: { replicas: 2, bake: { seconds: 9 } }
`;
  const of = (environment?: string) => decide(file, {}, 'shop', environment);
  it('has what the file says where nothing else is said of it', () => {
    expect(of()).toEqual(of('staging'));
    expect(of('production')).toEqual({
      ...of(),
      processes: [
        { ...of().processes[0], replicas: 6, scale: { min: 6, max: 9, cpu: 70 } },
        of().processes[1],
      ],
    });
  });
  it('adds to names and values, replaces all else, and takes away by none', () => {
    expect(of('preview-login')).toMatchObject({
      processes: [{ name: 'web', replicas: 1, env: { A: '1', B: '3', C: '4' } }],
      secrets: { S: { in: 'kubernetes', name: 's', key: 'S' } },
      ingress: { host: 'preview-login.example.com', class: 'alb' },
      bake: { seconds: 0, alarms: [] },
      jobs: [{ name: 'migrate', command: ['/m'], timeout: 60 }],
      cron: [{ name: 'nightly', schedule: '@daily', suspend: true }],
    });
    expect(of('preview-login').processes).toHaveLength(1);
    expect(of('preview-login').processes[0]).not.toHaveProperty('scale');
  });
  it('says the time of a cron job that is its alone', () => {
    const alone = 'environments: { preview: { cron: { a: { suspend: true } } } }';
    expect(() => decide(alone, {}, 'shop', 'preview-x')).toThrow(
      'cron.a.schedule: the file says no schedule',
    );
    expect(decide(alone, {}, 'shop', 'production').cron).toEqual([]);
  });
  it('of one name goes before that of all previews', () => {
    expect(of('preview-big')).toMatchObject({ processes: [{ replicas: 2 }], bake: { seconds: 9 } });
  });
});

it("takes the installation's time for watching where the file says none", () => {
  const bakeSeconds = (file: string) =>
    decideApp({
      name: 'web',
      file,
      image: { exposedPorts: [80] },
      defaults: { service: 'ClusterIP', bakeSeconds: 30 },
    }).bake.seconds;
  expect(bakeSeconds('')).toBe(30);
  expect(bakeSeconds('bake: { restarts: 1 }')).toBe(30);
  expect(bakeSeconds('bake: 0')).toBe(0);
  expect(bakeSeconds('bake: 1h')).toBe(3600);
});

it.each([
  ['scale: { min: 5, max: 4 }', 'scale: min (5) is above max (4)'],
  ['processes: { web: none }', 'an app has a process web'],
  ['processes: { web: { replicas: 0 } }', 'a web process of no pods serves nobody'],
  ['processes: { green: {} }', 'the name green is taken by a Deployment of web'],
  ['processes: { a: {} }\njobs: { a: {} }', 'two things are called a'],
  [
    'jobs: { a: { timeout: 4h }, b: { timeout: 3h } }',
    'jobs: they may take 25200 s one after another, and a release waits 21600 s for them',
  ],
  ['jobs: { a: { timeout: 7h } }', 'jobs.a.timeout'],
  ['processes: { a: { health: /x } }', 'processes.a.health: there is no port that could be asked'],
  ['processes: { a: { env: { PORT: 1 } } }', 'processes.a.env.PORT: PORT is set by Fairlead'],
  ['env: { A: 1 }\nsecrets: { A: { kubernetes: x } }', 'secrets.A: env says it too'],
  ['port: none\ningress: {}', 'ingress: there is no port that requests could go to'],
  ['port: none\nstrategy: canary', 'canary is about requests, and the app has no port'],
  ['manifests: deploy\nstrategy: blue-green', 'blue-green needs what Fairlead renders'],
  ['manifests: deploy\nreplicas: 3', 'replicas: the manifests of the app say what runs'],
  [
    'secrets: { A: { secretsManager: fairlead/other/database } }',
    'fairlead/other/database is not one of the app web',
  ],
  ['secrets: { A: { secretsManager: fairlead/webb/a } }', 'name one that begins with fairlead/web/, or with'],
  ['secrets: { A: { secretsManager: fairlead/all } }', 'secrets.A: '],
  [
    'secrets: { A: { secretsManager: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:fairlead/other/a-AbCdEf" } }',
    'is not one of the app web',
  ],
  ['ingress: { host: "{branch}.example.com" }', 'only {app} and {environment} may stand in it'],
  ['manifests: deploy\nenv: { A: b }', 'env: the manifests of the app say what runs'],
  ['manifests: deploy\nsecrets: { A: { kubernetes: a } }', 'secrets: the manifests of the app say what runs'],
  ['manifests: deploy\nconfig: { /a: b }', 'config: the manifests of the app say what runs'],
  ['manifests: deploy\nsecurity: restricted', 'security: the manifests of the app say what runs'],
  ['manifests: deploy\nprocesses: { a: {} }', 'processes.a: the manifests of the app say what runs'],
  [
    'strategy: { canary: { steps: [{ percent: 9 }, { percent: 9 }] } }',
    'strategy.canary.steps.1.percent: a step of 9 % comes after one of 9 %',
  ],
  ['bake: 5h', 'bake has to be a time like 30s, at most 4h'],
  [
    'bake: 2h\nstrategy: { canary: { steps: [{ percent: 9, seconds: 3h }] } }',
    'strategy.canary.steps: a release is watched for 18000 s in all, 14400 are possible',
  ],
  [
    'bake: { checks: [{ path: /, status: 300-200 }] }',
    'bake.checks.0.status: 300-200 is no range of statuses',
  ],
  ['security: restricted', "the image's user is root, which the standard does not allow"],
  [
    'security: restricted\nuser: 7\ncapabilities: [CHOWN, NET_BIND_SERVICE]',
    'the process web keeps CHOWN, and the standard allows NET_BIND_SERVICE alone',
  ],
])('refuses what is wrong only together: %j', (file, message) => {
  expect(() => decide(file)).toThrow(message);
});

describe('the port', () => {
  it('is the lowest that the image exposes', () => {
    expect(web('', { exposedPorts: [9090, 8080] }).port).toBe(8080);
  });
  it('is PORT of the image where it exposes none, the last one set', () => {
    expect(web('', { exposedPorts: [], env: ['PORT=1', 'PATH=/bin', 'PORT=5000'] }).port).toBe(5000);
  });
  it.each([[[]], [['PORT=']], [['PORT=http']], [['PORT=0']], [['PORT=70000']]])(
    'has to be said somewhere (%j)',
    (env) => {
      expect(() => decide('', { exposedPorts: [], env })).toThrow(
        'the image says no port: its Dockerfile has neither EXPOSE nor ENV PORT (deciding which port the app listens on); ' +
          'add `EXPOSE 8080` (the port that the app listens on) to the Dockerfile, or `port: 8080` to fairlead.yaml (`port: none` if it takes no requests)',
      );
    },
  );
  it('may be none', () => {
    expect(web('port: none')).not.toHaveProperty('port');
    expect(web('port: none').health).toEqual({ by: 'none' });
  });
  it('is not a variable', () => {
    expect(() => decide('env: { PORT: 3000 }')).toThrow('write `port: 3000` instead');
  });
});

it.each([
  ['1000', 'non-root'],
  ['1000:1000', 'non-root'],
  ['0', 'image'],
  ['0:0', 'image'],
  ['root', 'image'],
  ['nobody', 'image'],
  ['', 'image'],
])('runs as user %j of the image: %s', (user, runAs) => {
  expect(decide('', { user }).security).toEqual({ standard: 'restricted', runAs });
  expect(decide('user: 7', { user }).security).toEqual({ standard: 'restricted', runAs: 7 });
  expect(decide('security: as-is', { user }).security).toEqual({ standard: 'as-is', runAs: 'image' });
  const insisting = () => decide('security: restricted', { user });
  if (runAs === 'non-root') expect(insisting().security).toEqual({ standard: 'restricted', runAs });
  else expect(insisting).toThrow('write `user: 65532` to fairlead.yaml');
});

it.each(['Web', '1web', 'web_1', 'web-', '', 'a'.repeat(64), 'a.b'])('refuses the name %j', (name) => {
  expect(() => decide('', {}, name)).toThrow(`'${name}' is no name for the app in the cluster`);
});

it('takes what is for jobs beside manifests, and for other environments', () => {
  const jobs = 'jobs: { migrate: { command: [/app, migrate] } }';
  expect(decide(`manifests: deploy\nenv: { A: b }\n${jobs}`).jobs[0]?.env).toEqual({ A: 'b' });
  const file = `env: { A: b }
port: 80
processes: { worker: {} }
environments: { preview: { manifests: deploy, processes: { web: none, worker: none } } }`;
  expect(decide(file, {}, 'web', 'preview-blue').processes).toEqual([]);
  expect(decide(file, {}, 'web', 'production').processes).toHaveLength(2);
});

it('has its own secrets, and those that all apps have', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:fairlead/web/a-AbCdEf';
  const file = `secrets:
  A: { secretsManager: fairlead/web/a }
  B: { secretsManager: fairlead/shared/b, key: k }
  C: { secretsManager: "${arn}" }`;
  expect(decide(file).secrets).toEqual({
    A: { in: 'secrets-manager', id: 'fairlead/web/a' },
    B: { in: 'secrets-manager', id: 'fairlead/shared/b', key: 'k' },
    C: { in: 'secrets-manager', id: arn },
  });
});
