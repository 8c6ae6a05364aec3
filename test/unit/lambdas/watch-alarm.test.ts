import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import { startDynamoDB } from '../ledger/dynamodb.ts';
import { AwsStage } from './aws-stage.ts';
import { deployed } from './deployed.ts';

const aws = new AwsStage();
let database: Awaited<ReturnType<typeof startDynamoDB>>;
let ledger: Ledger;
let handler: (event: unknown) => Promise<{ rolledBack: string[] }>;
let apps = 0;
let app: string;

beforeAll(async () => {
  database = await startDynamoDB();
  await aws.set({
    DEPLOY_FUNCTION: 'deploy:live',
    LEDGER_TABLE: database.table,
    AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
  });
  ledger = new Ledger(database.client, database.table);
  ({ handler } = await import('../../../lambdas/watch-alarm.ts'));
});
afterAll(async () => {
  await aws.strike();
  await database.close();
});
beforeEach(() => {
  aws.invoked.length = 0;
  app = `web-${apps++}`;
});

const ARN = 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:';
const stamp = (ms: number) => new Date(ms).toISOString().replace('Z', '+0000');

/** As EventBridge tells it. */
const rings = (name: string, at = Date.now(), previous = 'OK', value = 'ALARM') => ({
  version: '0',
  id: 'id',
  'detail-type': 'CloudWatch Alarm State Change',
  source: 'aws.cloudwatch',
  time: new Date(at).toISOString(),
  region: 'us-east-1',
  resources: [`${ARN}${name}`],
  detail: {
    alarmName: name,
    state: { value, reason: 'Threshold Crossed:\n9 errors', timestamp: stamp(at) },
    previousState: { value: previous, timestamp: stamp(at - 60_000) },
  },
});
const watched = (seconds = 600) => ({
  liveSince: new Date(Date.now() - 60_000).toISOString(),
  watchUntil: new Date(Date.now() + seconds * 1000).toISOString(),
});

describe('an alarm that rings', () => {
  test('takes back a release that names it and is watched, and nothing else', async () => {
    const { number } = await deployed(ledger, {
      app,
      commit: 'a1',
      bake: { alarms: [`${app}-errors`] },
      watch: watched(),
    });
    await deployed(ledger, {
      app: `${app}-other`,
      commit: 'b1',
      bake: { alarms: ['others'] },
      watch: watched(),
    });
    expect(await handler(rings(`${app}-errors`))).toEqual({ rolledBack: [`${app}/production`] });
    expect(aws.invoked).toMatchObject([
      {
        function: 'deploy:live',
        payload: {
          do: 'roll-back',
          app,
          environment: { name: 'production', namespace: `${app}-space` },
          by: `alarm ${app}-errors`,
          reason: 'Threshold Crossed: 9 errors',
          whileLive: number,
        },
      },
    ]);
    expect(aws.invoked[0]?.name).toMatch(/^[\w-]{1,64}$/);
  });

  test('starts a rollback once, however often it is told', async () => {
    await deployed(ledger, { app, commit: 'a1', bake: { alarms: [`${app}-errors`] }, watch: watched() });
    const at = Date.now();
    for (const event of [rings(`${app}-errors`, at), rings(`${app}-errors`, at)]) await handler(event);
    expect(aws.invoked).toHaveLength(1);
    await handler(rings(`${app}-errors`, at + 1000));
    expect(aws.invoked).toHaveLength(2);
  });

  test('takes back every environment that names it', async () => {
    for (const environment of ['production', 'preview-x'])
      await deployed(ledger, {
        app,
        environment,
        commit: 'a1',
        bake: { alarms: [`${app}-errors`] },
        watch: watched(),
      });
    expect((await handler(rings(`${app}-errors`))).rolledBack.sort()).toEqual([
      `${app}/preview-x`,
      `${app}/production`,
    ]);
  });

  test('is found by its tag', async () => {
    const alarmTag = { key: 'app', value: app };
    await deployed(ledger, { app, commit: 'a1', bake: { alarmTag }, watch: watched() });
    expect(await handler(rings(`${app}-slow`))).toEqual({ rolledBack: [] });
    aws.tags[`${ARN}${app}-slow`] = { app };
    expect(await handler(rings(`${app}-slow`))).toEqual({ rolledBack: [`${app}/production`] });
  });

  test('takes back all others, and is heard once more, when its tags cannot be read', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `${app}-${String(index).padStart(2, '0')}`);
    const alarmTag = { key: 'app', value: app };
    for (const [index, name] of names.entries()) {
      const bake = index === 0 ? { alarmTag } : { alarms: [`${app}-errors`] };
      await deployed(ledger, { app: name, commit: 'a1', bake, watch: watched() });
    }
    aws.broken = '.ListTagsForResource';
    await expect(handler(rings(`${app}-errors`))).rejects.toThrow('tags are out');
    aws.broken = undefined;
    expect(aws.invoked.map(({ payload }) => payload.app).sort()).toEqual(names.slice(1));
  });

  test('is heard as the direct action of an alarm, too', async () => {
    await deployed(ledger, { app, commit: 'a1', bake: { alarms: [`${app}-errors`] }, watch: watched() });
    const { detail, resources, time } = rings(`${app}-errors`);
    const event = { source: 'aws.cloudwatch', alarmArn: resources[0], time, alarmData: detail };
    expect(await handler(event)).toEqual({ rolledBack: [`${app}/production`] });
  });
});

describe('nothing is taken back', () => {
  const bake = () => ({ alarms: [`${app}-errors`] });
  const now = () => Date.now();

  test('by an alarm that is quiet again, has no data, or rang before', async () => {
    await deployed(ledger, { app, commit: 'a1', bake: bake(), watch: watched() });
    for (const event of [
      rings(`${app}-errors`, now(), 'ALARM', 'OK'),
      rings(`${app}-errors`, now(), 'OK', 'INSUFFICIENT_DATA'),
      rings(`${app}-errors`, now(), 'ALARM', 'ALARM'),
    ])
      expect(await handler(event)).toEqual({ rolledBack: [] });
  });

  test('that is not watched, or not any more', async () => {
    await deployed(ledger, { app, commit: 'a1', bake: bake() });
    await deployed(ledger, { app: `${app}-old`, commit: 'a1', bake: bake(), watch: watched(-1) });
    expect(await handler(rings(`${app}-errors`))).toEqual({ rolledBack: [] });
  });

  test('by an alarm that rang before the release was live', async () => {
    await deployed(ledger, { app, commit: 'a1', bake: bake(), watch: watched() });
    expect(await handler(rings(`${app}-errors`, now() - 120_000))).toEqual({ rolledBack: [] });
  });

  test('by an alarm that rang before the release, and only had no data in between', async () => {
    const ringing = [`${app}-errors`];
    await deployed(ledger, { app, commit: 'a1', bake: bake(), watch: { ...watched(), ringing } });
    expect(await handler(rings(`${app}-errors`, now(), 'INSUFFICIENT_DATA'))).toEqual({ rolledBack: [] });
    expect((await handler(rings(`${app}-errors`, now(), 'OK'))).rolledBack).toHaveLength(1);
  });

  test('too late: what counts is when the alarm rang', async () => {
    await deployed(ledger, { app, commit: 'a1', bake: bake(), watch: watched(-1) });
    expect(await handler(rings(`${app}-errors`, now() - 10_000))).toEqual({
      rolledBack: [`${app}/production`],
    });
  });

  test.each([[{}], ['text'], [null], [{ detail: { alarmName: 'x', state: { value: 'ALARM' } } }]])(
    'by an event that is none: %j',
    async (event) => {
      expect(await handler(event)).toEqual({ rolledBack: [] });
    },
  );
});
