import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type MetricDataQuery,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { beforeEach, expect, test } from 'vitest';
import { as, builder, startCloud } from './cloud.ts';

let now: number;
let cloud: Awaited<ReturnType<typeof startCloud>>;
let client: CloudWatchClient;

beforeEach(async () => {
  now = Date.parse('2026-01-01T12:00:00Z');
  cloud = await startCloud({ now: () => now });
  client = new CloudWatchClient(as(builder, cloud.endpoint));
  return async () => {
    client.destroy();
    await cloud.close();
  };
});

const query = (Id: string, MetricName: string, more: object = {}): MetricDataQuery => ({
  Id,
  MetricStat: { Metric: { Namespace: 'AWS/Lambda', MetricName, Dimensions: [] }, Period: 60, Stat: 'Sum' },
  ReturnData: false,
  ...more,
});
const put = (Metrics: MetricDataQuery[], given: Partial<PutMetricAlarmCommandInput> = {}) =>
  client.send(
    new PutMetricAlarmCommand({
      AlarmName: 'math',
      EvaluationPeriods: 1,
      Threshold: 50,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      Metrics,
      ...given,
    }),
  );
const say = (name: string, value: number) =>
  cloud.cloudWatch.meter({ namespace: 'AWS/Lambda', name, dimensions: {}, value, unit: 'Count' });
const minute = () => {
  now += 60_000;
  cloud.cloudWatch.alarms.evaluate();
};
const state = async () => (await client.send(new DescribeAlarmsCommand({}))).MetricAlarms?.[0]?.StateValue;
const RATE = [
  { Id: 'rate', Expression: '100 * FILL(errors, 0) / runs' },
  query('errors', 'Errors'),
  query('runs', 'Invocations'),
];

test('an alarm on an expression rings by it, and is quiet again', async () => {
  await put(RATE);
  say('Invocations', 4);
  say('Errors', 1);
  minute();
  expect(await state()).toBe('OK');
  say('Invocations', 4);
  say('Errors', 3);
  minute();
  expect(await state()).toBe('ALARM');
  say('Invocations', 4);
  minute();
  expect(await state()).toBe('OK');
});

test('data of expressions is given by their metrics’ periods', async () => {
  say('Invocations', 4);
  say('Errors', 1);
  now += 60_000;
  say('Invocations', 2);
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - 120_000),
      EndTime: new Date(now + 1_000),
      MetricDataQueries: RATE,
    }),
  );
  expect(MetricDataResults.map(({ Id, Values }) => [Id, Values])).toEqual([['rate', [0, 25]]]);
});

test('a record in the embedded format counts for each set of its dimensions, at its time on this clock', async () => {
  cloud.cloudWatch.takeIn({
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: 'App',
          Dimensions: [['service'], ['service', 'app']],
          Metrics: [{ Name: 'Live', Unit: 'Count' }],
        },
      ],
    },
    service: 'deploy',
    app: 'web',
    Live: 2,
  });
  cloud.cloudWatch.takeIn({ message: 'no metric' });
  const values = async (...dimensions: [string, string][]) => {
    const Dimensions = dimensions.map(([Name, Value]) => ({ Name, Value }));
    const Metric = { Namespace: 'App', MetricName: 'Live', Dimensions };
    const answer = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - 60_000),
        EndTime: new Date(now + 60_000),
        MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 60, Stat: 'Sum' } }],
      }),
    );
    return answer.MetricDataResults?.[0]?.Values;
  };
  expect(await values(['service', 'deploy'])).toEqual([2]);
  expect(await values(['service', 'deploy'], ['app', 'web'])).toEqual([2]);
  expect(await values(['app', 'web'])).toEqual([]);
});

test.each<[string, MetricDataQuery[], RegExp]>([
  [
    'two that return data',
    [query('a', 'A', { ReturnData: true }), query('b', 'B', { ReturnData: true })],
    /one/,
  ],
  ['none that returns data', [query('a', 'A')], /one/],
  ['an expression that cannot be read', [{ Id: 'e', Expression: 'a +' }, query('a', 'A')], /cannot read/],
  ['an expression over nothing', [{ Id: 'e', Expression: '1 + 1' }], /Period/],
])('refuses %s', async (_, metrics, why) => {
  await expect(put(metrics)).rejects.toThrow(why);
});
