import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  GetResourcesCommand,
  type ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import type { Bake } from '../release/types.ts';
import type { AlarmLook } from './types.ts';

export interface AlarmClients {
  cloudWatch: Pick<CloudWatchClient, 'send'>;
  /** Finds alarms by their tag: CloudWatch itself only tells the tags of an alarm that one knows. */
  tagging: Pick<ResourceGroupsTaggingAPIClient, 'send'>;
}

/** What DescribeAlarms takes (API_DescribeAlarms, AlarmNames). */
const AT_ONCE = 100;
/** ms for each question: a look is worth nothing when it is late. */
const TIMEOUT = 5_000;
const LONGEST_REASON = 300;

/** The alarms that `bake` names and those that carry its tag, metric alarms and composite ones, by name. */
export async function readAlarms(
  clients: AlarmClients,
  { alarms, alarmTag }: Pick<Bake, 'alarms' | 'alarmTag'>,
): Promise<AlarmLook[]> {
  const tagged = alarmTag === undefined ? [] : await taggedAlarms(clients, alarmTag);
  const names = [...new Set([...alarms, ...tagged])].sort();
  const pages: string[][] = [];
  for (let first = 0; first < names.length; first += AT_ONCE) pages.push(names.slice(first, first + AT_ONCE));
  const found = await Promise.all(pages.map((page) => describe(clients, page)));
  return found.flat();
}

async function describe({ cloudWatch }: AlarmClients, names: string[]): Promise<AlarmLook[]> {
  const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch.send(
    // Without AlarmTypes there are no composite alarms in the answer.
    new DescribeAlarmsCommand({
      AlarmNames: names,
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      MaxRecords: AT_ONCE,
    }),
    { abortSignal: AbortSignal.timeout(TIMEOUT) },
  );
  const known = new Map(
    [...MetricAlarms, ...CompositeAlarms].map((alarm) => [alarm.AlarmName ?? '', alarm] as const),
  );
  return names.map((name) => {
    const alarm = known.get(name);
    if (alarm?.StateValue === undefined) return { name, state: 'absent' };
    const since = alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp;
    const reason = alarm.StateReason?.replaceAll(/\s+/g, ' ').trim();
    return {
      name,
      state: alarm.StateValue,
      ...(since && { since: since.toISOString() }),
      ...(reason && { reason: reason.slice(0, LONGEST_REASON) }),
    };
  });
}

async function taggedAlarms(
  { tagging }: AlarmClients,
  { key, value }: { key: string; value: string },
): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const page = await tagging.send(
      new GetResourcesCommand({
        ResourceTypeFilters: ['cloudwatch:alarm'],
        TagFilters: [{ Key: key, Values: [value] }],
        ResourcesPerPage: AT_ONCE,
        ...(token && { PaginationToken: token }),
      }),
      { abortSignal: AbortSignal.timeout(TIMEOUT) },
    );
    for (const { ResourceARN: arn } of page.ResourceTagMappingList ?? []) {
      // `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`, and a name may have colons.
      const name = /^[^:]+:[^:]+:cloudwatch:[^:]*:[^:]*:alarm:(.+)$/.exec(arn ?? '')?.[1];
      if (name !== undefined) names.push(name);
    }
    token = page.PaginationToken;
  } while (token);
  return names;
}
