import { describe, expect, test } from 'vitest';
import { deployed } from './deployed.ts';
import { FunctionScene } from './function-scene.ts';

const scene = new FunctionScene<unknown, { rolledBack: string[] }>(
  () => import('../../../lambdas/watch-alarm.ts'),
);
const { aws, handler } = scene;

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
    const { number } = await deployed(scene.ledger, {
      app: scene.app,
      commit: 'a1',
      bake: { alarms: [`${scene.app}-errors`] },
      watch: watched(),
    });
    await deployed(scene.ledger, {
      app: `${scene.app}-other`,
      commit: 'b1',
      bake: { alarms: ['others'] },
      watch: watched(),
    });
    expect(await handler(rings(`${scene.app}-errors`))).toEqual({ rolledBack: [`${scene.app}/production`] });
    expect(aws.invoked).toMatchObject([
      {
        function: 'deploy:live',
        payload: {
          do: 'roll-back',
          app: scene.app,
          environment: { name: 'production', namespace: `${scene.app}-space` },
          by: `alarm ${scene.app}-errors`,
          reason: 'Threshold Crossed: 9 errors',
          whileLive: number,
        },
      },
    ]);
    expect(aws.invoked[0]?.name).toMatch(/^[\w-]{1,64}$/);
  });

  test('starts a rollback once, however often it is told', async () => {
    await deployed(scene.ledger, {
      app: scene.app,
      commit: 'a1',
      bake: { alarms: [`${scene.app}-errors`] },
      watch: watched(),
    });
    const at = Date.now();
    for (const event of [rings(`${scene.app}-errors`, at), rings(`${scene.app}-errors`, at)])
      await handler(event);
    expect(aws.invoked).toHaveLength(1);
    await handler(rings(`${scene.app}-errors`, at + 1000));
    expect(aws.invoked).toHaveLength(2);
  });

  test('takes back every environment that names it', async () => {
    for (const environment of ['production', 'preview-x'])
      await deployed(scene.ledger, {
        app: scene.app,
        environment,
        commit: 'a1',
        bake: { alarms: [`${scene.app}-errors`] },
        watch: watched(),
      });
    expect((await handler(rings(`${scene.app}-errors`))).rolledBack.sort()).toEqual([
      `${scene.app}/preview-x`,
      `${scene.app}/production`,
    ]);
  });

  test('is found by its tag', async () => {
    const alarmTag = { key: 'app', value: scene.app };
    await deployed(scene.ledger, { app: scene.app, commit: 'a1', bake: { alarmTag }, watch: watched() });
    expect(await handler(rings(`${scene.app}-slow`))).toEqual({ rolledBack: [] });
    aws.tags[`${ARN}${scene.app}-slow`] = { app: scene.app };
    expect(await handler(rings(`${scene.app}-slow`))).toEqual({ rolledBack: [`${scene.app}/production`] });
  });

  test('takes back all others, and is heard once more, when its tags cannot be read', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `${scene.app}-${String(index).padStart(2, '0')}`);
    const alarmTag = { key: 'app', value: scene.app };
    for (const [index, name] of names.entries()) {
      const bake = index === 0 ? { alarmTag } : { alarms: [`${scene.app}-errors`] };
      await deployed(scene.ledger, { app: name, commit: 'a1', bake, watch: watched() });
    }
    aws.broken = '.ListTagsForResource';
    await expect(handler(rings(`${scene.app}-errors`))).rejects.toThrow('tags are out');
    aws.broken = undefined;
    expect(aws.invoked.map(({ payload }) => payload.app).sort()).toEqual(names.slice(1));
  });

  test('is heard as the direct action of an alarm, too', async () => {
    await deployed(scene.ledger, {
      app: scene.app,
      commit: 'a1',
      bake: { alarms: [`${scene.app}-errors`] },
      watch: watched(),
    });
    const { detail, resources, time } = rings(`${scene.app}-errors`);
    const event = { source: 'aws.cloudwatch', alarmArn: resources[0], time, alarmData: detail };
    expect(await handler(event)).toEqual({ rolledBack: [`${scene.app}/production`] });
  });
});

describe('nothing is taken back', () => {
  const bake = () => ({ alarms: [`${scene.app}-errors`] });
  const now = () => Date.now();

  test('by an alarm that is quiet again, has no data, or rang before', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: 'a1', bake: bake(), watch: watched() });
    for (const event of [
      rings(`${scene.app}-errors`, now(), 'ALARM', 'OK'),
      rings(`${scene.app}-errors`, now(), 'OK', 'INSUFFICIENT_DATA'),
      rings(`${scene.app}-errors`, now(), 'ALARM', 'ALARM'),
    ])
      expect(await handler(event)).toEqual({ rolledBack: [] });
  });

  test('that is not watched, or not any more', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: 'a1', bake: bake() });
    await deployed(scene.ledger, { app: `${scene.app}-old`, commit: 'a1', bake: bake(), watch: watched(-1) });
    expect(await handler(rings(`${scene.app}-errors`))).toEqual({ rolledBack: [] });
  });

  test('by an alarm that rang before the release was live', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: 'a1', bake: bake(), watch: watched() });
    expect(await handler(rings(`${scene.app}-errors`, now() - 120_000))).toEqual({ rolledBack: [] });
  });

  test('by an alarm that rang before the release, and only had no data in between', async () => {
    const ringing = [`${scene.app}-errors`];
    await deployed(scene.ledger, {
      app: scene.app,
      commit: 'a1',
      bake: bake(),
      watch: { ...watched(), ringing },
    });
    expect(await handler(rings(`${scene.app}-errors`, now(), 'INSUFFICIENT_DATA'))).toEqual({
      rolledBack: [],
    });
    expect((await handler(rings(`${scene.app}-errors`, now(), 'OK'))).rolledBack).toHaveLength(1);
  });

  test('too late: what counts is when the alarm rang', async () => {
    await deployed(scene.ledger, { app: scene.app, commit: 'a1', bake: bake(), watch: watched(-1) });
    expect(await handler(rings(`${scene.app}-errors`, now() - 10_000))).toEqual({
      rolledBack: [`${scene.app}/production`],
    });
  });

  test.each([[{}], ['text'], [null], [{ detail: { alarmName: 'x', state: { value: 'ALARM' } } }]])(
    'by an event that is none: %j',
    async (event) => {
      expect(await handler(event)).toEqual({ rolledBack: [] });
    },
  );
});
