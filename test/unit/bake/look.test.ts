import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../../../lib/bake/ask.ts';
import { alarmsBefore, type LookDeps, look } from '../../../lib/bake/look.ts';
import type { Bake, Release } from '../../../lib/release/types.ts';
import { as, builder, startCloud } from '../local-aws/cloud.ts';
import { bakeOf } from './bakes.ts';

const servers: Server[] = [];
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

describe('an HTTP check', () => {
  const get = (url: string, given = {}) => ask(url, { path: '/', status: [200, 399], ...given });

  test('is good or bad by the answer’s status', async () => {
    const url = await serve(({ url: path }, response) => response.writeHead(Number(path?.slice(1))).end());
    expect(await get(url, { path: '/204' })).toMatchObject({ result: 'good', path: '/204' });
    expect(await get(url, { path: '/500' })).toMatchObject({
      result: 'bad',
      message: 'answers 500, and has to answer 200 to 399',
    });
    expect(await get(url, { path: '/204', status: [200, 200] })).toMatchObject({
      message: 'answers 204, and has to answer 200',
    });
  });

  test('is bad without the words that it has to contain, of as much as is read', async () => {
    const url = await serve(({ url: path }, response) => {
      if (path === '/endless') for (let part = 0; part < 64; part++) response.write('x'.repeat(64 * 1024));
      response.end('all is well');
    });
    expect(await get(url, { contains: 'is well' })).toMatchObject({ result: 'good' });
    expect(await get(url, { contains: 'broken' })).toMatchObject({
      result: 'bad',
      message: expect.stringMatching(/without the words "broken"/),
    });
    expect(await get(url, { path: '/endless', contains: 'is well' })).toMatchObject({ result: 'bad' });
  });

  test('follows redirects on the same host, and no others', async () => {
    let strangers = 0;
    const stranger = await serve((_, response) => {
      strangers++;
      response.end('elsewhere');
    });
    const url = await serve(({ url: path }, response) => {
      if (path === '/one') response.writeHead(302, { location: '/two' }).end();
      else if (path === '/two') response.end('here');
      else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.writeHead(302, { location: stranger }).end();
    });
    expect(await get(url, { path: '/one', contains: 'here' })).toMatchObject({ result: 'good' });
    expect(await get(url, { path: '/loop', status: [200, 200] })).toMatchObject({
      result: 'bad',
      message: expect.stringMatching(/302/),
    });
    expect(await get(url, { path: '/out' })).toMatchObject({ result: 'good', message: 'answers 302' });
    expect(await get(url, { path: '//stranger.test/' })).toMatchObject({
      result: 'good',
      message: 'answers 302',
    });
    expect(await get(url, { path: '.stranger.test/' })).toMatchObject({ result: 'unreachable' });
    expect(strangers).toBe(0);
  });

  test('cannot reach what nobody listens at, and holds broken answers against the release', async () => {
    const gone = await serve(() => {});
    await new Promise((done) => servers.pop()?.close(done));
    expect(await get(gone)).toMatchObject({
      result: 'unreachable',
      message: 'cannot be reached (ECONNREFUSED)',
    });
    const rude = await serve((request) => request.socket.destroy());
    expect(await get(rude)).toMatchObject({
      result: 'bad',
      message: expect.stringMatching(/breaks the connection off/),
    });
    const slow = await serve(() => {});
    expect(await get(slow)).toMatchObject({ result: 'bad', message: 'does not answer within 5 s' });
  });
});

describe('a look', () => {
  let cloud: Awaited<ReturnType<typeof startCloud>>;
  let cloudWatch: CloudWatchClient;
  let deps: LookDeps;
  const since = new Date(Date.now() - 30_000).toISOString();
  const releaseOf = (bake: Partial<Bake>) => ({ bake: bakeOf(bake) }) as Release;

  beforeAll(async () => {
    cloud = await startCloud({ alarms: ['quiet', 'with:colons'] });
    cloudWatch = new CloudWatchClient(as(builder, cloud.endpoint));
    const tagging = new ResourceGroupsTaggingAPIClient(as(builder, cloud.endpoint));
    deps = { cloudWatch, tagging, restartsSince: async () => [] };
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: 'tagged',
        Namespace: 'App',
        MetricName: 'Errors',
        Statistic: 'Sum',
        Period: 10,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: 'ignore',
        Tags: [{ Key: 'app', Value: 'web' }],
      }),
    );
  });
  afterAll(() => cloud.close());

  test('reads alarms by name and by tag, and says which are not there', async () => {
    const set = (AlarmName: string, StateValue: 'OK' | 'ALARM') =>
      cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'by\nhand' }));
    await set('quiet', 'OK');
    await set('tagged', 'ALARM');
    await set('with:colons', 'ALARM');
    const bake = { alarms: ['quiet', 'none', 'with:colons'], alarmTag: { key: 'app', value: 'web' } };
    const seen = await look(deps, { release: releaseOf(bake), phase: 0, since });
    expect(seen.alarms).toMatchObject([
      { name: 'none', state: 'absent' },
      { name: 'quiet', state: 'OK' },
      { name: 'tagged', state: 'ALARM', reason: 'by hand' },
      { name: 'with:colons', state: 'ALARM' },
    ]);
    expect(Date.now() - Date.parse(seen.alarms[2]?.since ?? '')).toBeLessThan(10_000);
    expect(seen.trouble).toEqual([]);
    expect(await alarmsBefore(deps, releaseOf(bake))).toEqual(seen.alarms);
  });

  test('counts requests, where there are any', async () => {
    const traffic = { namespace: 'App', metric: 'Requests', dimensions: { app: 'web' }, minimum: 3 };
    expect((await look(deps, { release: releaseOf({ traffic }), phase: 0, since })).requests).toBeUndefined();
    for (const Value of [2, 3])
      await cloudWatch.send(
        new PutMetricDataCommand({
          Namespace: 'App',
          MetricData: [{ MetricName: 'Requests', Value, Dimensions: [{ Name: 'app', Value: 'web' }] }],
        }),
      );
    expect((await look(deps, { release: releaseOf({ traffic }), phase: 0, since })).requests).toBe(5);
  });

  test('asks the checks of the release’s address, if it has one', async () => {
    const url = await serve((_, response) => response.end());
    const release = releaseOf({ checks: [{ path: '/health', status: [200, 200] }] });
    expect((await look(deps, { release, phase: 0, url, since })).checks).toMatchObject([
      { path: '/health', result: 'good' },
    ]);
    expect((await look(deps, { release, phase: 0, since })).checks).toMatchObject([
      { result: 'unreachable', message: expect.stringMatching(/no address/) },
    ]);
  });

  test('does not wait for what does not answer, and tells the rest', async () => {
    const silent: LookDeps = { ...deps, restartsSince: () => new Promise(() => {}) };
    await cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: 'quiet', StateValue: 'ALARM', StateReason: 'by hand' }),
    );
    const started = Date.now();
    const seen = await look(silent, { release: releaseOf({ alarms: ['quiet'] }), phase: 0, since });
    expect(Date.now() - started).toBeLessThan(9_500);
    expect(seen.alarms).toMatchObject([{ name: 'quiet', state: 'ALARM' }]);
    expect(seen.trouble).toEqual(['the pods could not be read: no answer within 8 s']);
  }, 15_000);

  test('says what could not be asked, and asks the rest', async () => {
    const broken: LookDeps = {
      ...deps,
      cloudWatch: { send: () => Promise.reject(new Error('Rate exceeded')) },
      restartsSince: async () => Promise.reject(new Error('the API server\nis away')),
    };
    const url = await serve((_, response) => response.end());
    const traffic = { namespace: 'App', metric: 'Requests', dimensions: {}, minimum: 3 };
    const release = releaseOf({ alarms: ['quiet'], traffic, checks: [{ path: '/', status: [200, 200] }] });
    expect(await look(broken, { release, phase: 0, url, since })).toMatchObject({
      alarms: [],
      checks: [{ result: 'good' }],
      restarts: [],
      trouble: [
        'the alarms could not be read: Rate exceeded',
        'the pods could not be read: the API server is away',
        'the requests could not be counted: Rate exceeded',
      ],
    });
    expect(await alarmsBefore(broken, release)).toBeUndefined();
  });
});
