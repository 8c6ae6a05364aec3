import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Deployment } from '../../../local/kubernetes/controllers/types.ts';
import { ask, type TestCluster, testCluster, until, whyNoPods } from './test-cluster.ts';

const obstacle = await whyNoPods();

describe.skipIf(obstacle)(`a Deployment of processes behind a node port ${obstacle ?? ''}`, () => {
  let cluster: TestCluster;
  let port: number;
  beforeAll(async () => {
    cluster = await testCluster();
    cluster.store.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: spec('v1'),
    });
    port = cluster.expose('web');
    await until('it is live', isLive);
  });
  afterAll(() => cluster.close());

  const spec = (tag: string, container: object = {}): Deployment['spec'] => ({
    replicas: 2,
    progressDeadlineSeconds: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'main',
            image: `x.test/app:${tag}`,
            readinessProbe: {
              httpGet: { path: '/healthz', port: 8080 },
              periodSeconds: 1,
              failureThreshold: 1,
            },
            ...container,
          },
        ],
      },
    },
  });
  const web = () => cluster.store.get<Deployment>('Deployment', 'default', 'web');
  const roll = (tag: string, container?: object) =>
    cluster.store.update<Deployment>({ ...(web() as Deployment), spec: spec(tag, container) });
  const isLive = () => {
    const { status, metadata } = web() ?? {};
    const isSeen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 1);
    return isSeen && status?.replicas === 2 && status.updatedReplicas === 2 && status.availableReplicas === 2;
  };
  const hasFailed = () =>
    web()?.status?.conditions?.some(({ reason }) => reason === 'ProgressDeadlineExceeded');

  /** Asks all the time while something happens. @returns how often which answer came */
  async function answersDuring(happening: () => Promise<void>): Promise<Record<string, number>> {
    const answers: Record<string, number> = {};
    let isOver = false;
    const asking = Array.from({ length: 3 }, async () => {
      while (!isOver) {
        const [answer = ''] = (await ask(port)).split(' ');
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    });
    await happening();
    isOver = true;
    await Promise.all(asking);
    return answers;
  }

  test('no request fails while it rolls', async () => {
    const answers = await answersDuring(async () => {
      for (const tag of ['v2', 'v1', 'v2']) {
        roll(tag);
        await until(`${tag} is live`, isLive);
      }
    });
    expect(Object.keys(answers).sort()).toEqual(['v1', 'v2']);
  });

  test.each([
    ['a version that crashes', { args: ['crash'] }],
    ['a version that listens elsewhere', { readinessProbe: { tcpSocket: { port: 9 }, periodSeconds: 1 } }],
  ])('%s never serves, and the old one goes on', async (_, container) => {
    const answers = await answersDuring(async () => {
      roll('v1', container);
      await until('its deadline passes', hasFailed);
    });
    expect(Object.keys(answers)).toEqual(['v2']);
    roll('v2');
    await until('it is live again', isLive);
  });

  test('a request that is under way when its pod is told to end gets its answer', async () => {
    const slow = ask(port, '/slow');
    await new Promise((resolve) => setTimeout(resolve, 100));
    roll('v1');
    expect(await slow).toBe('done');
    await until('it is live', isLive);
  });

  test('a pod that becomes unready gets no more requests', async () => {
    const { items } = cluster.store.list('Pod', { labelSelector: 'app=web' });
    const [, victim] = (await ask(port)).split(' ');
    expect(items.map(({ metadata }) => metadata.name)).toContain(victim);
    while ((await ask(port)).split(' ')[1] !== victim);
    await breakPod(victim ?? '');
    await until('it is out', () => cluster.status(victim ?? '')?.ready === false);
    for (let count = 0; count < 20; count += 1) expect((await ask(port)).split(' ')[1]).not.toBe(victim);
    expect(cluster.events(victim ?? '')).toContain(
      'Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500',
    );
  });

  async function breakPod(name: string): Promise<void> {
    const socket = await cluster.cluster.kubelet.dial(cluster.pod(name)?.status?.podIP ?? '', 8080);
    socket.end('GET /break HTTP/1.0\r\n\r\n').resume();
  }

  test('a node port without pods refuses', async () => {
    const empty = cluster.expose('nobody');
    // It is listened on, so that nobody else takes it.
    while ((await ask(empty)) !== 'ECONNRESET');
    cluster.store.delete('Service', 'default', 'nobody');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await ask(empty)).toBe('ECONNREFUSED');
  });

  test('a liveness probe that fails restarts the container', async () => {
    cluster.run('sick', {
      readinessProbe: { tcpSocket: { port: 8080 } },
      livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
    });
    await until('it runs', () => cluster.status('sick')?.ready);
    await breakPod('sick');
    await until('it is restarted', () => cluster.status('sick')?.restartCount === 1);
    expect(cluster.events('sick')).toEqual(
      expect.arrayContaining([
        'Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 500',
        'Killing: Container main failed liveness probe, will be restarted',
      ]),
    );
  });

  test('probes and hooks run programs in the container', async () => {
    const written = '/started';
    cluster.run('hooked', {
      lifecycle: {
        postStart: { exec: { command: ['/app', 'write', written, 'yes'] } },
        preStop: { exec: { command: ['/app', 'write', '/stopped', 'yes'] } },
      },
      readinessProbe: { exec: { command: ['/app', 'read', written] } },
      startupProbe: { tcpSocket: { port: 8080 } },
    });
    await until('it is ready', () => cluster.status('hooked')?.ready);
    expect(cluster.status('hooked')).toMatchObject({ started: true });
    cluster.store.delete('Pod', 'default', 'hooked');
    await until('it is gone', () => !cluster.pod('hooked'));
    expect(cluster.events('hooked').filter((each) => /Failed/.test(each))).toEqual([]);
  });
});
