import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startControllers } from '../../../local/kubernetes/controllers/controllers.ts';
import type { Job, JobSpec } from '../../../local/kubernetes/controllers/job/types.ts';
import type { Pod } from '../../../local/kubernetes/controllers/types.ts';
import { Store } from '../../../local/kubernetes/store.ts';
import { settled } from './settle.ts';

let store: Store;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout'],
    now: Date.parse('2026-11-01T10:00:00Z'),
  });
  store = new Store();
  store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  stop = startControllers(store);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

const settle = () => settled(store);

async function pass(seconds: number): Promise<void> {
  vi.advanceTimersByTime(1_000 * seconds);
  await settle();
}

const pods = () => store.list<Pod>('Pod').items;
const active = () => pods().filter(({ status }) => !['Succeeded', 'Failed'].includes(status?.phase ?? ''));
const job = () => store.get<Job>('Job', 'default', 'migrate');
const conditions = () =>
  (job()?.status?.conditions ?? []).map(({ type, reason }) => `${type} ${reason}`).join(', ');

const template = (restartPolicy = 'Never') => ({
  metadata: { labels: { app: 'web' } },
  spec: { restartPolicy, containers: [{ name: 'main', image: 'web:1' }] },
});

async function create(spec: Partial<JobSpec> = {}): Promise<void> {
  store.create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'migrate', namespace: 'default' },
    spec: { template: template(), ...spec },
  });
  await settle();
}

/** Plays the kubelet: the pods that run end like that. */
async function end(phase: 'Succeeded' | 'Failed'): Promise<void> {
  const exitCode = phase === 'Succeeded' ? 0 : 1;
  const at = new Date().toISOString();
  for (const { metadata } of active())
    store.patchStatus<Pod>('Pod', 'default', metadata.name, (draft) => {
      const terminated = { exitCode, reason: 'x', startedAt: at, finishedAt: at };
      draft.status = {
        phase,
        containerStatuses: [
          {
            name: 'main',
            state: { terminated },
            lastState: {},
            ready: false,
            restartCount: 0,
            image: '',
            imageID: '',
          },
        ],
      };
    });
  await settle();
}

describe('a Job', () => {
  test('is complete when its pod has succeeded', async () => {
    await create();
    expect(pods()).toHaveLength(1);
    expect(pods()[0]?.metadata.labels).toMatchObject({ app: 'web', 'job-name': 'migrate' });
    expect(job()?.status).toMatchObject({ active: 1, startTime: '2026-11-01T10:00:00Z' });
    await end('Succeeded');
    expect(job()?.status).toMatchObject({ succeeded: 1, completionTime: '2026-11-01T10:00:00Z' });
    expect(conditions()).toBe('SuccessCriteriaMet CompletionsReached, Complete CompletionsReached');
    expect(pods()).toHaveLength(1);
  });

  test('tries again after growing waits, and gives up at its limit', async () => {
    await create({ backoffLimit: 2 });
    await end('Failed');
    expect(active()).toHaveLength(0);
    await pass(9);
    expect(active()).toHaveLength(0);
    await pass(2);
    expect(active()).toHaveLength(1);
    await end('Failed');
    await pass(19);
    expect(active()).toHaveLength(0);
    await pass(2);
    await end('Failed');
    expect(conditions()).toBe('FailureTarget BackoffLimitExceeded, Failed BackoffLimitExceeded');
    expect(job()?.status).toMatchObject({ failed: 3 });
    await pass(1000);
    expect(pods()).toHaveLength(3);
  });

  test('fails when its time is over, and ends its pods', async () => {
    await create({ activeDeadlineSeconds: 30 });
    await pass(29);
    expect(active()).toHaveLength(1);
    await pass(2);
    expect(active()).toHaveLength(0);
    expect(conditions()).toBe('FailureTarget DeadlineExceeded, Failed DeadlineExceeded');
  });

  test('counts restarts in place, where its pods are restarted', async () => {
    await create({ backoffLimit: 1, template: template('OnFailure') as JobSpec['template'] });
    const [pod] = pods();
    store.patchStatus<Pod>('Pod', 'default', pod?.metadata.name ?? '', (draft) => {
      draft.status = {
        phase: 'Running',
        containerStatuses: [
          { name: 'main', state: {}, lastState: {}, ready: false, restartCount: 1, image: '', imageID: '' },
        ],
      };
    });
    await settle();
    expect(conditions()).toContain('Failed BackoffLimitExceeded');
  });

  test('runs as many pods as it is to complete, some at a time', async () => {
    await create({ completions: 3, parallelism: 2 });
    expect(active()).toHaveLength(2);
    await end('Succeeded');
    expect(active()).toHaveLength(1);
    await end('Succeeded');
    expect(job()?.status).toMatchObject({ succeeded: 3 });
    expect(conditions()).toContain('Complete');
  });

  test('is gone with its pods when its time to live is over', async () => {
    await create({ ttlSecondsAfterFinished: 60 });
    await end('Succeeded');
    await pass(59);
    expect(job()).toBeDefined();
    await pass(2);
    expect([job(), ...pods()]).toEqual([undefined]);
  });

  test('waits while it is suspended', async () => {
    await create({ suspend: true });
    expect(pods()).toHaveLength(0);
    expect(conditions()).toBe('Suspended JobSuspended');
  });

  test('keeps its template, and does not restart for ever', async () => {
    await create();
    const changed = { ...job(), spec: { ...job()?.spec, template: template('OnFailure') } } as Job;
    expect(() => store.update(changed)).toThrow(/spec\.template: .*field is immutable/);
    expect(() =>
      store.create({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'always' },
        spec: { template: template('Always') },
      }),
    ).toThrow(/valid values: "OnFailure", "Never"/);
  });
});

describe('a CronJob', () => {
  const jobs = () => store.list<Job>('Job').items.map(({ metadata }) => metadata.name);
  const cron = () => store.get('CronJob', 'default', 'nightly');

  async function createCron(spec: object = {}): Promise<void> {
    store.create({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly', namespace: 'default' },
      spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: template() } }, ...spec },
    });
    await settle();
  }

  test('starts a Job at each time of its schedule', async () => {
    await createCron();
    await pass(299);
    expect(jobs()).toEqual([]);
    await pass(2);
    expect(jobs()).toEqual([`nightly-${Date.parse('2026-11-01T10:05:00Z') / 60_000}`]);
    expect(pods()).toHaveLength(1);
    expect(cron()?.status).toMatchObject({
      lastScheduleTime: '2026-11-01T10:05:00Z',
      active: [{ kind: 'Job', name: jobs()[0] }],
    });
    await end('Succeeded');
    expect(cron()?.status).toMatchObject({ lastSuccessfulTime: expect.any(String) });
    expect(cron()?.status).not.toHaveProperty('active');
    await pass(300);
    expect(jobs()).toHaveLength(2);
  });

  test('starts none beside one that runs, where that is forbidden', async () => {
    await createCron({ concurrencyPolicy: 'Forbid' });
    await pass(301);
    await pass(300);
    expect(jobs()).toHaveLength(1);
  });

  test('puts the next one in the place of one that runs', async () => {
    await createCron({ concurrencyPolicy: 'Replace' });
    await pass(301);
    const [first] = jobs();
    await pass(300);
    expect(jobs()).toHaveLength(1);
    expect(jobs()).not.toEqual([first]);
  });

  test('forgets what ended long ago, and starts nothing while it is suspended', async () => {
    await createCron({ successfulJobsHistoryLimit: 1 });
    for (let run = 0; run < 3; run += 1) {
      await pass(300);
      await end('Succeeded');
    }
    expect(jobs()).toHaveLength(1);
    const current = cron();
    store.update({ ...current, spec: { ...(current?.spec as object), suspend: true } } as Job);
    await pass(3000);
    expect(jobs()).toHaveLength(1);
  });

  test.each(['*/5 * * *', '61 * * * *', 'TZ=UTC * * * * *'])(
    'is refused with the schedule %s',
    async (schedule) => {
      await expect(createCron({ schedule })).rejects.toThrow(/spec\.schedule: Invalid value/);
    },
  );
});
