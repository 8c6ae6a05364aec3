import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandInput,
  GetMetricDataCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { AlarmChange } from '../../../local/aws/services/cloudwatch-alarms.ts';
import { as, builder, startCloud } from './cloud.ts';

let now = Date.parse('2026-01-01T12:00:00Z');
let cloud: Awaited<ReturnType<typeof startCloud>>;
let client: CloudWatchClient;
const seconds = (count: number) => {
  now += count * 1000;
  cloud.cloudWatch.alarms.evaluate();
};

beforeEach(async () => {
  cloud = await startCloud({ now: () => now });
  client = new CloudWatchClient(as(builder, cloud.endpoint));
  return () => cloud.close();
});
afterAll(() => client.destroy());

const put = (given: Partial<PutMetricAlarmCommandInput> = {}) =>
  client.send(
    new PutMetricAlarmCommand({
      AlarmName: 'errors',
      Namespace: 'App',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Period: 10,
      EvaluationPeriods: 1,
      Threshold: 3,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      ...given,
    }),
  );
const errors = (count: number, MetricName = 'Errors') =>
  client.send(
    new PutMetricDataCommand({
      Namespace: 'App',
      MetricData: [{ MetricName, Value: count, Timestamp: new Date(now) }],
    }),
  );
const describe = async (given: DescribeAlarmsCommandInput = {}) => {
  const {
    MetricAlarms = [],
    CompositeAlarms = [],
    NextToken,
  } = await client.send(new DescribeAlarmsCommand(given));
  const alarms = [...MetricAlarms, ...CompositeAlarms];
  return { alarms, names: alarms.map(({ AlarmName }) => AlarmName), next: NextToken };
};
const stateOf = async (name = 'errors') =>
  (await describe({ AlarmNames: [name], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] })).alarms[0]
    ?.StateValue;
const arn = (name: string) => `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`;

test('an alarm rings when its metric says so, and is quiet again', async () => {
  const changes: AlarmChange[] = [];
  cloud.cloudWatch.alarms.changes.on('change', (change) => changes.push(change));
  await put({ AlarmActions: ['arn:aws:lambda:us-east-1:000000000000:function:watch'] });
  expect(await stateOf()).toBe('INSUFFICIENT_DATA');
  await errors(2);
  seconds(10);
  expect(await stateOf()).toBe('OK');
  await errors(2);
  await errors(1);
  expect(await stateOf()).toBe('OK');
  seconds(10);
  const [alarm] = (await describe()).alarms;
  expect(alarm).toMatchObject({ StateValue: 'ALARM', StateReason: expect.stringContaining('threshold (3)') });
  expect(alarm?.StateTransitionedTimestamp?.getTime()).toBe(now);
  seconds(60);
  expect(await stateOf()).toBe('INSUFFICIENT_DATA');
  expect(changes.map(({ previous, alarm: { state } }) => `${previous.state} ${state}`)).toEqual([
    'INSUFFICIENT_DATA OK',
    'OK ALARM',
    'ALARM INSUFFICIENT_DATA',
  ]);
  expect(changes[1]?.alarm.actions.ALARM).toEqual([expect.stringMatching(/:function:watch$/)]);
});

test('an alarm takes two of three periods, of an average or a percentile', async () => {
  await put({
    Statistic: 'Average',
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    TreatMissingData: 'notBreaching',
  });
  await put({ AlarmName: 'slow', Statistic: undefined, ExtendedStatistic: 'p90' });
  for (const counts of [[9], [1], [9, 9, 1]]) {
    for (const count of counts) await errors(count);
    seconds(10);
  }
  expect([await stateOf(), await stateOf('slow')]).toEqual(['ALARM', 'ALARM']);
  for (const count of [0, 0]) {
    await errors(count);
    seconds(10);
  }
  expect([await stateOf(), await stateOf('slow')]).toEqual(['OK', 'OK']);
});

test('an alarm that is set by hand goes back to what its data says', async () => {
  await put({ TreatMissingData: 'notBreaching' });
  await client.send(
    new SetAlarmStateCommand({ AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'test' }),
  );
  expect((await describe({ StateValue: 'ALARM' })).names).toEqual(['errors']);
  seconds(1);
  expect(await stateOf()).toBe('OK');
});

test('a composite alarm follows others', async () => {
  await put({ TreatMissingData: 'notBreaching' });
  await put({ AlarmName: 'slow', MetricName: 'Slow', TreatMissingData: 'notBreaching' });
  await client.send(
    new PutCompositeAlarmCommand({
      AlarmName: 'broken',
      AlarmRule: 'ALARM("errors") AND NOT (OK(slow) OR FALSE)',
    }),
  );
  expect(await stateOf('broken')).toBe('OK');
  await errors(5);
  seconds(10);
  expect(await stateOf('broken')).toBe('OK');
  await errors(5);
  await errors(5, 'Slow');
  seconds(10);
  expect(await stateOf('broken')).toBe('ALARM');
  expect((await describe()).names).toEqual(['errors', 'slow']);
  expect((await describe({ AlarmTypes: ['CompositeAlarm'] })).names).toEqual(['broken']);
  expect((await describe({ ChildrenOfAlarmName: 'broken' })).names).toEqual(['errors', 'slow']);
  expect((await describe({ ParentsOfAlarmName: 'slow' })).names).toEqual(['broken']);
});

test('alarms are described by filters, page by page', async () => {
  for (const name of ['b-1', 'a-1', 'a-2', 'a-3']) await put({ AlarmName: name });
  await put({ AlarmName: 'acting', OKActions: ['arn:aws:sns:us-east-1:000000000000:topic'] });
  expect((await describe({ AlarmNamePrefix: 'a-' })).names).toEqual(['a-1', 'a-2', 'a-3']);
  expect((await describe({ ActionPrefix: 'arn:aws:sns' })).names).toEqual(['acting']);
  const first = await describe({ MaxRecords: 2, AlarmNamePrefix: 'a-' });
  expect(first.names).toEqual(['a-1', 'a-2']);
  const second = await describe({ MaxRecords: 2, AlarmNamePrefix: 'a-', NextToken: first.next });
  expect(second).toMatchObject({ names: ['a-3'], next: undefined });
  await client.send(new DeleteAlarmsCommand({ AlarmNames: ['a-1', 'b-1'] }));
  expect((await describe()).names).toEqual(['a-2', 'a-3', 'acting']);
  await expect(client.send(new DeleteAlarmsCommand({ AlarmNames: ['a-2', 'none'] }))).rejects.toThrow(/none/);
  expect((await describe()).names).toContain('a-2');
});

test('alarms are found by their tags', async () => {
  const tagging = new ResourceGroupsTaggingAPIClient(as(builder, cloud.endpoint));
  const found = async (Value: string) => {
    const TagFilters = [{ Key: 'app', Values: [Value] }];
    const resources = new GetResourcesCommand({ ResourceTypeFilters: ['cloudwatch:alarm'], TagFilters });
    const { ResourceTagMappingList: list = [] } = await tagging.send(resources);
    return list.map(({ ResourceARN }) => ResourceARN);
  };
  await put({ Tags: [{ Key: 'app', Value: 'web' }] });
  await put({ AlarmName: 'other' });
  expect(await found('web')).toEqual([arn('errors')]);
  await client.send(
    new TagResourceCommand({ ResourceARN: arn('other'), Tags: [{ Key: 'app', Value: 'api' }] }),
  );
  await client.send(new UntagResourceCommand({ ResourceARN: arn('errors'), TagKeys: ['app'] }));
  expect([await found('web'), await found('api')]).toEqual([[], [arn('other')]]);
  const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN: arn('other') }));
  expect(Tags).toEqual([{ Key: 'app', Value: 'api' }]);
  tagging.destroy();
});

test('data is given by period', async () => {
  await errors(2);
  now += 60_000;
  await errors(3);
  await errors(4);
  const { MetricDataResults } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - 90_000),
      EndTime: new Date(now + 1000),
      MetricDataQueries: [
        {
          Id: 'q',
          MetricStat: { Metric: { Namespace: 'App', MetricName: 'Errors' }, Period: 60, Stat: 'Sum' },
        },
      ],
    }),
  );
  expect(MetricDataResults).toMatchObject([{ Id: 'q', Values: [7, 2] }]);
});

test.each([
  [{ Period: 15 }, /Period/],
  [{ DatapointsToAlarm: 2 }, /DatapointsToAlarm/],
  [{ Statistic: undefined, ExtendedStatistic: 'tm90' }, /tm90/],
  [{ ComparisonOperator: 'Equal' as never }, /ComparisonOperator/],
])('refuses %j', async (given, why) => {
  await expect(put(given)).rejects.toThrow(why);
});
