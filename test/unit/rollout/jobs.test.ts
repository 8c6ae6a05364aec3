import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Kube } from '../../../lib/kube/client.ts';
import { Cluster } from '../../../lib/rollout/cluster.ts';
import { groundsOf, runJobs } from '../../../lib/rollout/jobs.ts';
import { Secrets } from '../../../lib/rollout/secrets.ts';
import type { JobVerdict } from '../../../lib/rollout/verdict.ts';
import { object, releaseWith, startFake } from './fake-cluster.ts';

let on: Awaited<ReturnType<typeof startFake>>;
beforeEach(async () => {
  on = await startFake();
});
afterEach(() => on.close());

const job = (name: string, spec: object = {}) =>
  object(
    'Job',
    name,
    { spec: { template: { spec: { containers: [{ name: 'web' }], ...spec } } } },
    'batch/v1',
  );

/** What was made, in the order in which it was. */
const made = () =>
  on.api.requests
    .filter(({ method, query }) => method === 'POST' && !query.has('dryRun'))
    .map(({ body }) => `${body.kind} ${body.metadata.name}`);

it('runs jobs one after another, after what they need and before everything else', async () => {
  const account = { serviceAccountName: 'web' };
  const release = releaseWith(
    1,
    [object('Service', 'web'), object('ConfigMap', 'settings'), object('ServiceAccount', 'web')],
    [job('first', account), job('second', account)],
  );
  expect(await on.ask({ do: 'apply', phase: 0, release })).toMatchObject({ state: 'live' });
  expect(made().slice(0, 6)).toEqual([
    'Namespace shop',
    'RoleBinding fairlead-deployer',
    'ConfigMap fairlead-inventory-web',
    'ServiceAccount web',
    'Job first',
    'Job second',
  ]);
  expect(made().slice(6).sort()).toEqual(['ConfigMap settings', 'Service web']);
});

it('does not go on from a job that has failed', async () => {
  const failed = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' };
  on.fake.jobCondition = failed;
  const release = releaseWith(1, [object('Service', 'web')], [job('first'), job('second')]);
  expect(await on.ask({ do: 'apply', phase: 0, release })).toMatchObject({
    state: 'failed',
    reason: 'job first has failed: too often',
    applied: { changes: expect.arrayContaining([{ object: 'Job second', is: 'created', fields: [] }]) },
  });
  expect(on.fake.names()).toEqual(['Job first', 'Namespace shop']);
});

it('does not run a job again that has ended, and takes jobs away that no release has any more', async () => {
  const release = releaseWith(1, [object('Service', 'web')], [job('migrate-1')]);
  await on.ask({ do: 'apply', phase: 0, release });
  await on.ask({ do: 'apply', phase: 0, release });
  expect(made().filter((name) => name === 'Job migrate-1')).toHaveLength(1);
  await on.ask({ do: 'apply', phase: 0, release: releaseWith(2, [object('Service', 'web')]) });
  expect(on.fake.names()).toEqual(['Namespace shop', 'Service web']);
});

it('runs no job when a release is brought back', async () => {
  const back = releaseWith(3, [object('Service', 'web')], [job('migrate-1')]);
  await on.ask({ do: 'undo', release: releaseWith(2, []), back });
  expect(on.fake.names()).toEqual(['Namespace shop', 'Service web']);
});

it('goes on with a job that took longer than one call, and then with the rest', async () => {
  on.fake.jobCondition = { type: 'Complete', status: 'False', reason: '', message: '' };
  const release = releaseWith(1, [object('Service', 'web')], [job('migrate')]);
  const dead = on.ask({ do: 'apply', phase: 0, release }, { newestFence: async () => 9 });
  // Stands for the end of a call's time, which is long.
  expect(await dead).toEqual({ state: 'superseded', by: 9 });
  expect(on.fake.names()).toEqual(['Job migrate', 'Namespace shop']);
  on.fake.jobCondition = { type: 'Complete', status: 'True' };
  expect(await on.ask({ do: 'observe', phase: 0, release })).toMatchObject({ state: 'live' });
  expect(on.fake.names()).toEqual(['Job migrate', 'Namespace shop', 'Service web']);
});

it('takes away no job that is running, nor what it was started with, until it has ended', async () => {
  const settings = { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }] };
  const needs = job('migrate-1', { containers: [{ name: 'web', ...settings }] });
  const release = releaseWith(1, [object('ConfigMap', 'settings', { data: { a: 'a' } })], [needs]);
  await on.ask({ do: 'apply', phase: 0, release });
  const ownerReferences = [{ kind: 'Job', name: 'migrate-1', controller: true }];
  const pod = {
    metadata: { name: 'p', ownerReferences },
    spec: { containers: [settings] },
    status: { phase: 'Running' },
  };
  on.fake.objects.set('/api/v1/namespaces/shop/pods/p', pod);
  const back = releaseWith(2, [object('Service', 'web')]);
  const undo = () => on.ask({ do: 'undo', release: releaseWith(2, []), back });
  expect(await undo()).toMatchObject({ state: 'live' });
  expect(on.fake.remembered()).toEqual(['batch/v1 Job migrate-1', 'v1 ConfigMap settings', 'v1 Service web']);
  pod.status.phase = 'Succeeded';
  await undo();
  expect(on.fake.remembered()).toEqual(['v1 Service web']);
});

it('waits for every job of earlier releases that has not ended', async () => {
  const follow = vi.fn(async (_: string): Promise<JobVerdict> => ({ state: 'done' }));
  on.fake.jobCondition = { type: 'Complete', status: 'False' };
  const give = (number: number) =>
    on.ask(
      { do: 'apply', phase: 0, release: releaseWith(number, [], [job(`migrate-${number}`)]), fence: number },
      { newestFence: async () => 9 },
    );
  await give(1);
  const older = [...on.fake.objects.values()].find(({ kind }) => kind === 'Job');
  const path = '/apis/batch/v1/namespaces/shop/jobs/migrate-0';
  on.fake.objects.set(path, { ...older, metadata: { ...older.metadata, name: 'migrate-0', uid: path } });
  on.fake.objects.get('/api/v1/namespaces/shop/configmaps/fairlead-inventory-web').data.objects +=
    '\nbatch/v1 Job migrate-0';
  const kube = new Kube(on.api.connection);
  const release = releaseWith(2, [], [job('migrate-2')]);
  const secrets = new Secrets(undefined, 'refuse');
  await runJobs({ cluster: new Cluster(kube), release, fence: 2, secrets }, follow);
  kube.close();
  expect(follow.mock.calls.flat().sort()).toEqual(['migrate-0', 'migrate-1', 'migrate-2']);
});

it('knows what of a release a job needs', () => {
  const secret = { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'db', key: 'a' } } }] };
  const needs = job('migrate', {
    serviceAccountName: 'web',
    containers: [{ name: 'web', ...secret }],
    volumes: [
      { name: 'v', configMap: { name: 'sql' } },
      { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
    ],
  });
  const resources = [
    ...['db', 'other'].map((name) => object('Secret', name)),
    ...['sql', 'other'].map((name) => object('ConfigMap', name)),
    ...['web', 'other'].map((name) => object('ServiceAccount', name)),
    ...['data', 'other'].map((name) => object('PersistentVolumeClaim', name)),
    object('RoleBinding', 'web'),
    object('Deployment', 'web'),
  ];
  expect(
    groundsOf(needs, releaseWith(1, resources)).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  ).toEqual([
    'Secret db',
    'ConfigMap sql',
    'ServiceAccount web',
    'PersistentVolumeClaim data',
    'RoleBinding web',
  ]);
});
