import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCluster, testCluster, until, whyNoPods } from './test-cluster.ts';

const obstacle = await whyNoPods();

describe.skipIf(obstacle)(`pods as processes ${obstacle ?? ''}`, () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await testCluster();
  });
  afterAll(() => cluster.close());

  const isDone = (name: string) => () => cluster.pod(name)?.status?.phase === 'Succeeded';
  const waits = (name: string, reason: string) => () =>
    cluster.status(name)?.state.waiting?.reason === reason;

  test('a program finds what its container says', async () => {
    cluster.run(
      'tell',
      {
        args: ['tell', 'for $(WHO)', '$$(WHO)'],
        workingDir: '/work',
        env: [
          { name: 'WHO', value: 'you' },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ],
      },
      { restartPolicy: 'Never', securityContext: { runAsUser: 1234, runAsGroup: 567 } },
    );
    await until('it ends', isDone('tell'));
    const output = await cluster.log('tell');
    expect(output).toContain('uid 1234 gid 567 pid 1 cwd /work host tell args for you|$(WHO)\n');
    expect(output).toContain(`env IP=${cluster.pod('tell')?.status?.podIP}\n`);
    expect(output).toContain('env VERSION=v1\n');
    expect(output.match(/^file .*/gm)).toEqual(
      ['app', 'dev', 'etc', 'proc', 'sys', 'work'].map((name) => `file ${name}`),
    );
    expect(cluster.status('tell')?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(await cluster.log('tell', { tailLines: 1 })).toBe('file work\n');
    expect(await cluster.log('tell', { timestamps: true, tailLines: 1 })).toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z file work\n$/,
    );
  });

  test('the events are kubelet’s', async () => {
    cluster.run('events', { args: ['succeed'] }, { restartPolicy: 'Never' });
    await until('it ends', isDone('events'));
    const expected = [
      'Scheduled: Successfully assigned default/events to local',
      'Created: Created container: main',
      'Started: Started container main',
    ];
    expect(cluster.events('events')).toEqual(expect.arrayContaining(expected));
  });

  test('init containers run one after the other, and share volumes with what follows', async () => {
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
    const image = 'x.test/app:v1';
    cluster.run(
      'init',
      { args: ['read', '/shared/file'], volumeMounts },
      {
        restartPolicy: 'Never',
        volumes: [{ name: 'shared', emptyDir: {} }],
        initContainers: [
          { name: 'first', image, args: ['write', '/shared/file', 'one'], volumeMounts },
          { name: 'second', image, args: ['write', '/shared/file', 'two'], volumeMounts },
        ],
      },
    );
    await until('it ends', isDone('init'));
    expect(await cluster.log('init')).toBe('two');
    expect(
      cluster.pod('init')?.status?.initContainerStatuses?.map(({ state }) => state.terminated?.exitCode),
    ).toEqual([0, 0]);
  });

  test('ConfigMaps and Secrets are files and variables; the pod waits for what is missing', async () => {
    cluster.run(
      'config',
      {
        args: ['read', '/etc/app/settings'],
        env: [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } }],
        volumeMounts: [{ name: 'files', mountPath: '/etc/app' }],
      },
      { restartPolicy: 'Never', volumes: [{ name: 'files', configMap: { name: 'settings' } }] },
    );
    await until('it waits', () => cluster.events('config').some((each) => each.startsWith('FailedMount')));
    expect(cluster.events('config')).toContain(
      'FailedMount: MountVolume.SetUp failed for volume "files" : configmap "settings" not found',
    );
    const metadata = { name: 'settings', namespace: 'default' };
    cluster.store.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { settings: 'on' } });
    await until('it lacks a key', waits('config', 'CreateContainerConfigError'));
    expect(cluster.status('config')?.state.waiting?.message).toBe('secret "secret" not found');
    const refusal = 'Error: secret "secret" not found';
    await until('it has looked again', () => cluster.timesTold('config', refusal) > 1);
    const secret = { name: 'secret', namespace: 'default' };
    cluster.store.create({ apiVersion: 'v1', kind: 'Secret', metadata: secret, data: { key: 'a2V5' } });
    await until('it ends', isDone('config'));
    expect(await cluster.log('config')).toBe('on');
  });

  test('a crash loop backs off and keeps the last words', async () => {
    cluster.run('crash', { args: ['crash'], terminationMessagePolicy: 'FallbackToLogsOnError' });
    await until('it backs off', waits('crash', 'CrashLoopBackOff'));
    const { uid } = cluster.pod('crash')?.metadata ?? {};
    expect(cluster.status('crash')).toMatchObject({
      ready: false,
      restartCount: 1,
      state: {
        waiting: { message: `back-off 1s restarting failed container=main pod=crash_default(${uid})` },
      },
      lastState: {
        terminated: { exitCode: 3, reason: 'Error', message: 'starting\npanic: no configuration\n' },
      },
    });
    expect(cluster.pod('crash')?.status?.phase).toBe('Running');
    expect(await cluster.log('crash')).toBe('starting\npanic: no configuration\n');
    expect(await cluster.log('crash', { previous: true })).toBe('starting\npanic: no configuration\n');
    await until('it is tried again', () => (cluster.status('crash')?.restartCount ?? 0) > 2);
    expect(cluster.events('crash')).toContain(
      `BackOff: Back-off restarting failed container main in pod crash_default(${uid})`,
    );
  });

  test('an image that is not there', async () => {
    cluster.run('no-image', { image: 'x.test/missing:v1' });
    await until('it fails', waits('no-image', 'ErrImagePull'));
    const message =
      'rpc error: code = NotFound desc = failed to pull and unpack image "x.test/missing:v1": failed to resolve reference "x.test/missing:v1": x.test/missing:v1: not found';
    expect(cluster.status('no-image')?.state.waiting?.message).toBe(message);
    await until('it backs off', waits('no-image', 'ImagePullBackOff'));
    expect(cluster.events('no-image')).toEqual(
      expect.arrayContaining([
        'Pulling: Pulling image "x.test/missing:v1"',
        `Failed: Failed to pull image "x.test/missing:v1": ${message}`,
        'Failed: Error: ErrImagePull',
        'BackOff: Back-off pulling image "x.test/missing:v1"',
      ]),
    );
    await cluster.images.add('missing', 'v1', {
      layers: [[{ name: 'app', mode: 0o755, content: cluster.app }]],
      config: { Cmd: ['/app'] },
    });
    await until('it heals', () => cluster.status('no-image')?.ready);
  });

  test('a program that is not there, and one that cannot be run', async () => {
    cluster.run('no-program', { command: ['/nope'] });
    await until('it fails', () => cluster.status('no-program')?.lastState.terminated);
    expect(cluster.status('no-program')?.lastState.terminated).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
      message:
        'failed to start container "main": unable to start container process: exec: "/nope": stat /nope: no such file or directory',
    });
    cluster.run('no-path', { command: ['nope'] });
    await until('it fails', () => cluster.status('no-path')?.lastState.terminated);
    expect(cluster.status('no-path')?.lastState.terminated?.message).toContain(
      'exec: "nope": executable file not found in $PATH',
    );
    await cluster.images.add('text', 'v1', {
      layers: [[{ name: 'run', mode: 0o755, content: 'no program' }]],
    });
    cluster.run('no-format', { image: 'x.test/text:v1', command: ['/run'] });
    await until('it fails', () => cluster.status('no-format')?.lastState.terminated);
    expect(await cluster.log('no-format', { previous: true })).toBe('exec /run: exec format error\n');
  });

  test('layers hide what is below them', async () => {
    await cluster.images.add('layered', 'v1', {
      layers: [
        [
          { name: 'app', mode: 0o755, content: cluster.app },
          { name: 'etc/secret', content: 'below' },
          { name: 'dir/old', content: 'below' },
        ],
        [{ name: 'etc/.wh.secret' }, { name: 'dir/.wh..wh..opq' }, { name: 'dir/new', content: 'above' }],
      ],
      config: { Entrypoint: ['/app', 'read'] },
    });
    const found = async (name: string, path: string) => {
      cluster.run(name, { image: 'x.test/layered:v1', args: [path] }, { restartPolicy: 'Never' });
      await until('it ends', () => cluster.status(name)?.state.terminated);
      return cluster.log(name);
    };
    expect(await found('hidden', '/etc/secret')).toContain('no such file');
    expect(await found('hidden-too', '/dir/old')).toContain('no such file');
    expect(await found('shown', '/dir/new')).toBe('above');
  });

  test('a pod reaches itself and nothing else', async () => {
    cluster.run('dial', { args: ['dial', '192.0.2.1:80'] }, { restartPolicy: 'Never' });
    await until('it ends', isDone('dial'));
    expect(await cluster.log('dial')).toContain('network is unreachable');
  });

  test('a program that listens on localhost only is reached by nobody else, as in any cluster', async () => {
    const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
    cluster.run('shy', { args: ['serve-localhost'], readinessProbe });
    await until('it has an address', () => cluster.pod('shy')?.status?.podIP);
    const podIP = cluster.pod('shy')?.status?.podIP;
    const refusal = `Unhealthy: Readiness probe failed: dial tcp ${podIP}:8080: connect: connection refused`;
    await until('its probe fails', () => cluster.events('shy').includes(refusal));
    expect(await cluster.log('shy')).toBe('listening\n');
    expect(cluster.status('shy')?.ready).toBe(false);
  });

  test('the root file system can be made read-only', async () => {
    cluster.run(
      'read-only',
      { args: ['write', '/file', 'x'], securityContext: { readOnlyRootFilesystem: true } },
      { restartPolicy: 'Never' },
    );
    await until('it ends', isDone('read-only'));
    expect(await cluster.log('read-only')).toBe('open /file: read-only file system\n');
  });

  test('SIGTERM, and after the grace SIGKILL; then nothing is left', async () => {
    cluster.run('stubborn', { args: ['stubborn'] }, { terminationGracePeriodSeconds: 1 });
    await until('it runs', () => cluster.status('stubborn')?.ready);
    const { uid = '' } = cluster.pod('stubborn')?.metadata ?? {};
    const since = Date.now();
    cluster.store.delete('Pod', 'default', 'stubborn');
    await until('it ended', () => !cluster.pod('stubborn'));
    expect(Date.now() - since).toBeGreaterThan(900);
    expect(Date.now() - since).toBeLessThan(5_000);
    await until('its files are gone', () => !existsSync(`${cluster.stateDir}/pods/${uid}`));
    expect(readdirSync(`${cluster.stateDir}/sockets`)).not.toContain(uid);
    expect(processesNaming(uid)).toEqual([]);
  });

  test('a pod whose first process is killed gets a new one', async () => {
    cluster.run('lost', {});
    await until('it runs', () => cluster.status('lost')?.ready);
    const { uid = '' } = cluster.pod('lost')?.metadata ?? {};
    for (const line of processesNaming(uid)) process.kill(Number.parseInt(line, 10), 'SIGKILL');
    await until(
      'it is restarted',
      () => cluster.status('lost')?.restartCount === 1 && cluster.status('lost')?.ready,
    );
    expect(cluster.status('lost')?.lastState.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
    expect(cluster.events('lost')).toContain(
      'SandboxChanged: Pod sandbox changed, it will be killed and re-created.',
    );
  });

  test('a pod that is deleted with no grace is gone at once, with its children', async () => {
    cluster.run('forced', { args: ['child'] });
    await until('it runs', () => cluster.status('forced')?.ready);
    const { uid = '' } = cluster.pod('forced')?.metadata ?? {};
    expect(processesNaming(uid)).not.toEqual([]);
    cluster.store.delete('Pod', 'default', 'forced', { gracePeriodSeconds: 0 });
    expect(cluster.pod('forced')).toBeUndefined();
    await until('its processes are gone', () => processesNaming(uid).length === 0);
  });
});

function processesNaming(uid: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(uid) && !line.includes('<defunct>'));
}
