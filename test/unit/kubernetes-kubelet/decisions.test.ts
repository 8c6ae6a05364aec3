import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argumentsOf, userOf } from '../../../local/kubernetes/kubelet/container-spec.ts';
import { downwardField, resourceField } from '../../../local/kubernetes/kubelet/downward.ts';
import { environmentOf, expand } from '../../../local/kubernetes/kubelet/environment.ts';
import { parseReference, placesOf } from '../../../local/kubernetes/kubelet/images/reference.ts';
import type { NodeObject } from '../../../local/kubernetes/kubelet/node.ts';
import { podStatus } from '../../../local/kubernetes/kubelet/pod-status.ts';
import { initialProbeState, type Outcome, planProbe } from '../../../local/kubernetes/kubelet/probe.ts';
import { planRestart } from '../../../local/kubernetes/kubelet/restart.ts';
import { planPlacement } from '../../../local/kubernetes/kubelet/schedule.ts';
import type { ContainerState, ContainerStatus } from '../../../local/kubernetes/kubelet/types.ts';
import { filesOf } from '../../../local/kubernetes/kubelet/volumes.ts';
import { order } from '../../../local/kubernetes/proxy/balance.ts';
import { parseQuantity } from '../../../local/kubernetes/quantity.ts';
import { pod } from '../kubernetes-controllers/objects.ts';

const facts = {
  pod: pod('web', { metadata: { annotations: { note: 'hi' } } }),
  podIP: '10.244.0.2',
  node: { name: 'local', ip: '127.0.0.1', cpus: 2, memoryBytes: 2 ** 30 },
};
const object = (name: string) => ({ ...facts.pod, metadata: { ...facts.pod.metadata, name } });
const lookup = {
  configMap: (name: string) => (name === 'settings' ? { ...object(name), data: { a: '1' } } : undefined),
  secret: (name: string) => (name === 'secret' ? { ...object(name), data: { key: 'dmFsdWU=' } } : undefined),
};
const container = { name: 'web', image: 'web:v1' };

describe('the environment', () => {
  test('later definitions win, and see earlier ones', () => {
    const env = environmentOf(
      {
        ...container,
        envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'S_', secretRef: { name: 'secret' } }],
        env: [
          { name: 'BOTH', value: '$(a)-$(S_key)-$(MODE)' },
          { name: 'MODE', value: 'own' },
        ],
      },
      ['MODE=image', 'PATH=/bin'],
      facts,
      lookup,
    );
    expect(Object.fromEntries(env)).toEqual({
      PATH: '/bin',
      HOSTNAME: 'web',
      MODE: 'own',
      a: '1',
      S_key: 'value',
      BOTH: '1-value-$(MODE)',
    });
  });

  test.each([
    [{ configMapKeyRef: { name: 'none', key: 'a' } }, 'configmap "none" not found'],
    [
      { configMapKeyRef: { name: 'settings', key: 'b' } },
      "couldn't find key b in ConfigMap default/settings",
    ],
    [{ secretKeyRef: { name: 'none', key: 'a' } }, 'secret "none" not found'],
  ])('%j is missing', (valueFrom, message) => {
    const wanted = { ...container, env: [{ name: 'A', valueFrom }] };
    expect(() => environmentOf(wanted, [], facts, lookup)).toThrow(message);
  });

  test('what is optional may be missing', () => {
    const valueFrom = { secretKeyRef: { name: 'none', key: 'a', optional: true } };
    expect(environmentOf({ ...container, env: [{ name: 'A', valueFrom }] }, [], facts, lookup).has('A')).toBe(
      false,
    );
  });

  test.each([
    ['$(A) $(B)', '1 $(B)'],
    ['$$(A)', '$(A)'],
    ['$A $( $', '$A $( $'],
    ['$$$(A)', '$1'],
  ])('%s becomes %s', (text, expected) => {
    expect(expand(text, new Map([['A', '1']]))).toBe(expected);
  });

  test('a pod knows itself', () => {
    expect(downwardField(facts, "metadata.annotations['note']")).toBe('hi');
    expect(downwardField(facts, 'metadata.labels')).toBe('app="web"');
    const limited = { ...container, resources: { limits: { memory: '64Mi' } } };
    expect(resourceField(facts, limited, { resource: 'limits.memory', divisor: '1Mi' })).toBe('64');
    expect(resourceField(facts, limited, { resource: 'limits.cpu' })).toBe('2');
  });
});

describe('what is executed', () => {
  const config = { config: { Entrypoint: ['/entry'], Cmd: ['default'] }, rootfs: { diff_ids: [] } };
  test.each([
    [{}, ['/entry', 'default']],
    [{ args: ['own'] }, ['/entry', 'own']],
    [{ command: ['/own'] }, ['/own']],
    [{ command: ['/own'], args: ['$(A)'] }, ['/own', '1']],
  ])('%j', (own, expected) => {
    expect(argumentsOf({ ...container, ...own }, config, new Map([['A', '1']]))).toEqual(expected);
  });

  test('nothing is an error', () => {
    expect(() => argumentsOf(container, { rootfs: { diff_ids: [] } }, new Map())).toThrow(
      'no command specified',
    );
  });
});

describe('the user', () => {
  const files = { passwd: 'root:x:0:0\napp:x:100:101:::', group: 'staff:x:50:' };
  test.each([
    ['', 0, 0],
    ['app', 100, 101],
    ['app:staff', 100, 50],
    ['65532:65532', 65532, 65532],
    ['100', 100, 101],
  ])('of the image: "%s"', (text, uid, gid) => {
    expect(userOf(container, facts.pod, text, files)).toMatchObject({ uid, gid });
  });

  test('the pod’s and the container’s come first', () => {
    const owned = pod('web', { spec: { securityContext: { runAsUser: 7, fsGroup: 9 } } });
    expect(userOf(container, owned, 'app', files)).toEqual({ uid: 7, gid: 0, groups: [9] });
    expect(userOf({ ...container, securityContext: { runAsUser: 8 } }, owned, '', files).uid).toBe(8);
  });

  test('who must not be root is not', () => {
    const wanted = { ...container, securityContext: { runAsNonRoot: true } };
    expect(() => userOf(wanted, facts.pod, '', files)).toThrow('image will run as root');
    expect(() => userOf(container, facts.pod, 'nobody', files)).toThrow('unable to find user nobody');
  });
});

describe('restarts', () => {
  const backOff = { initialMs: 10_000, limitMs: 300_000 };
  test('the first is at once; then waits double up to the limit', () => {
    const waits: number[] = [];
    let wait = 0;
    for (let count = 0; count < 8; count += 1) {
      const plan = planRestart('Always', { exitCode: 1, ranMs: 5, kind: 'app' }, wait, backOff);
      if (plan.do !== 'restart') throw new Error(plan.do);
      waits.push(plan.waitMs / 1_000);
      wait = plan.nextWaitMs;
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  test.each([
    ['Always', 0, 'app', 'restart'],
    ['OnFailure', 0, 'app', 'stay'],
    ['OnFailure', 1, 'app', 'restart'],
    ['Never', 1, 'app', 'stay'],
    ['Always', 0, 'init', 'stay'],
    ['Always', 1, 'init', 'restart'],
  ] as const)('%s, exit code %i of an %s container: %s', (policy, exitCode, kind, expected) => {
    expect(planRestart(policy, { exitCode, ranMs: 0, kind }, 0, backOff).do).toBe(expected);
  });

  test('one that ran long begins anew', () => {
    const plan = planRestart('Always', { exitCode: 1, ranMs: 600_000, kind: 'app' }, 300_000, backOff);
    expect(plan).toEqual({ do: 'restart', waitMs: 0, nextWaitMs: 10_000 });
  });
});

describe('probes', () => {
  const failure: Outcome = { result: 'failure', message: 'no' };
  test('readiness is asked eagerly, up to its period', () => {
    let state = initialProbeState(0);
    const waits: number[] = [];
    let now = 0;
    for (let count = 0; count < 12; count += 1) {
      const plan = planProbe('readiness', { periodSeconds: 1 }, state, failure, now);
      state = plan.state;
      waits.push(plan.nextMs);
      now += plan.nextMs;
    }
    expect(waits.slice(0, 3)).toEqual([50, 75, 112.5]);
    expect(waits.at(-1)).toBe(1_000);
  });

  test('startup has failureThreshold times periodSeconds, however often it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 10 }),
        (failureThreshold, periodSeconds) => {
          const probe = { failureThreshold, periodSeconds };
          let state = initialProbeState(0);
          let now = 0;
          while (state.verdict !== 'failure') {
            const plan = planProbe('startup', probe, state, failure, now);
            state = plan.state;
            if (state.verdict !== 'failure') now += plan.nextMs;
          }
          expect(now).toBeGreaterThanOrEqual(1_000 * (failureThreshold - 1) * periodSeconds);
          expect(now).toBeLessThanOrEqual(
            1_000 * failureThreshold * (periodSeconds + 1) + 1_000 * periodSeconds,
          );
        },
      ),
    );
  });

  test('a ready one fails only after its threshold', () => {
    let { state } = planProbe('readiness', {}, initialProbeState(0), { result: 'success' }, 0);
    expect(state.verdict).toBe('success');
    const verdicts = [1, 2, 3].map((count) => {
      state = planProbe('readiness', { failureThreshold: 3 }, state, failure, 10_000 * count).state;
      return state.verdict;
    });
    expect(verdicts).toEqual(['success', 'success', 'failure']);
  });
});

describe('the phase of a pod', () => {
  const running: ContainerState = { running: { startedAt: 'then' } };
  const ended = (exitCode: number): ContainerState => ({
    terminated: { exitCode, reason: 'x', startedAt: 'a', finishedAt: 'b' },
  });
  const waiting: ContainerState = { waiting: { reason: 'CrashLoopBackOff' } };
  const status = (state: ContainerState, lastState: ContainerState = {}): ContainerStatus => ({
    name: 'web',
    state,
    lastState,
    ready: state.running !== undefined,
    restartCount: 0,
    image: '',
    imageID: '',
  });
  test.each([
    ['waits for its first start', 'Always', [status(waiting)], 'Pending'],
    ['runs', 'Always', [status(running)], 'Running'],
    ['waits for a restart', 'Always', [status(waiting, ended(1))], 'Running'],
    ['ended and is to be restarted', 'Always', [status(ended(0))], 'Running'],
    ['succeeded', 'Never', [status(ended(0))], 'Succeeded'],
    ['failed', 'Never', [status(ended(0)), status(ended(1))], 'Failed'],
    ['failed and is to be restarted', 'OnFailure', [status(ended(1))], 'Running'],
  ] as const)('%s, restartPolicy %s', (_, restartPolicy, statuses, phase) => {
    const observed = { podIP: '1', hostIP: '2', startTime: 't', initStatuses: [], statuses: [...statuses] };
    expect(podStatus(pod('web', { spec: { restartPolicy } }), observed, 'now').phase).toBe(phase);
  });

  test('is pending while an init container has not succeeded, and conditions say so', () => {
    const observed = {
      podIP: '1',
      hostIP: '2',
      startTime: 't',
      initStatuses: [status(ended(1))],
      statuses: [status(waiting)],
    };
    const { phase, conditions } = podStatus(pod('web'), observed, 'now');
    expect(phase).toBe('Pending');
    expect(conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [web]',
    });
    expect(conditions?.find(({ type }) => type === 'Initialized')?.status).toBe('False');
  });
});

test.each([
  ['nginx', 'docker.io', 'library/nginx', 'latest'],
  ['nginx:1.27', 'docker.io', 'library/nginx', '1.27'],
  ['team/app', 'docker.io', 'team/app', 'latest'],
  ['localhost:5000/a/b:v1', 'localhost:5000', 'a/b', 'v1'],
  ['example.com/a', 'example.com', 'a', 'latest'],
  [`example.com/a:v1@sha256:${'0'.repeat(64)}`, 'example.com', 'a', `sha256:${'0'.repeat(64)}`],
])('the image %s', (text, host, path, version) => {
  expect(parseReference(text)).toMatchObject({ host, path, version });
});

test('bad image names are refused', () => {
  for (const name of ['', 'UPPER', 'a b', 'example.com/', 'a@sha256:1'])
    expect(() => parseReference(name)).toThrow('invalid reference format');
});

test('images come from their own registry only when it is on this machine', () => {
  const hosts = (name: string) =>
    placesOf(parseReference(name), 'local:1').map(({ host, path }) => `${host}/${path}`);
  expect(hosts('127.0.0.1:5000/a')).toEqual(['127.0.0.1:5000/a']);
  expect(hosts('localhost/a')).toEqual(['localhost/a']);
  expect(hosts('ecr.example/a')).toEqual(['local:1/a', 'local:1/ecr.example/a']);
});

test('the node takes what fits and what it is selected for', () => {
  const node: NodeObject = {
    ...object('local'),
    kind: 'Node',
    spec: {},
    status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3' } },
  };
  const asking = (cpu: string) =>
    pod('asking', { spec: { containers: [{ ...container, resources: { requests: { cpu } } }] } });
  expect(planPlacement(asking('500m'), node, [asking('1500m')])).toEqual({ do: 'bind' });
  expect(planPlacement(asking('501m'), node, [asking('1500m')])).toEqual({
    do: 'wait',
    message: '0/1 nodes are available: 1 Insufficient cpu.',
  });
  expect(planPlacement(pod('a'), node, [pod('b'), pod('c'), pod('d')]).do).toBe('wait');
  expect(
    planPlacement(pod('a', { spec: { containers: [], nodeSelector: { gpu: 'yes' } } }), node, []).do,
  ).toBe('wait');
});

test('volumes are files, and none is outside', () => {
  const names = (volume: object) =>
    filesOf({ name: 'v', ...volume }, facts, lookup).map(({ path, content }) => `${path}=${content}`);
  expect(names({ configMap: { name: 'settings' } })).toEqual(['a=1']);
  expect(names({ secret: { secretName: 'secret', items: [{ key: 'key', path: 'deep/file' }] } })).toEqual([
    'deep/file=value',
  ]);
  const sources = [{ configMap: { name: 'settings' } }, { secret: { name: 'secret' } }];
  expect(names({ projected: { sources } })).toEqual(['a=1', 'key=value']);
  expect(() => names({ configMap: { name: 'settings', items: [{ key: 'a', path: '../x' }] } })).toThrow(
    'leaves its volume',
  );
  expect(() => names({ hostPath: { path: '/' } })).toThrow('the local cluster has');
  expect(names({ secret: { secretName: 'none', optional: true } })).toEqual([]);
});

test('a connection goes to the least busy pod, and to each in its turn', () => {
  const backends = ['a', 'b', 'c'].map((podIP) => ({ podIP, port: 1 }));
  const first = (busy: [string, number][], turn: number) => order(backends, new Map(busy), turn)[0]?.podIP;
  expect([0, 1, 2, 3].map((turn) => first([], turn))).toEqual(['a', 'b', 'c', 'a']);
  expect(
    first(
      [
        ['a:1', 2],
        ['b:1', 1],
        ['c:1', 2],
      ],
      0,
    ),
  ).toBe('b');
  expect(order([], new Map(), 5)).toEqual([]);
});

test.each([
  ['250m', 0.25],
  ['1', 1],
  ['64Mi', 64 * 2 ** 20],
  ['1e3', 1_000],
  ['2k', 2_000],
  ['x', 0],
])('the quantity %s', (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});
