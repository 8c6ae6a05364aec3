import { AwsError } from '../error.ts';
import { type Input, optional, strings } from '../input.ts';
import type { Alarm, Alarms } from './cloudwatch-alarms.ts';

const MOST = 100;
const PAGE = 50;

/** DescribeAlarms: all filters, by name, page by page (API_DescribeAlarms, Amazon CloudWatch API Reference). */
export function describeAlarms(alarms: Alarms, arnOf: (name: string) => string, input: Input) {
  const records = input.MaxRecords === undefined ? PAGE : Number(input.MaxRecords);
  if (!Number.isInteger(records) || records < 1 || records > MOST)
    throw new AwsError('ValidationError', `MaxRecords must be from 1 to ${MOST}`);
  const selected = select(alarms, input);
  const from = offset(optional(input, 'NextToken'));
  const page = selected.slice(from, from + records);
  const described = (kind: 'composite' | 'metric') =>
    page
      .filter((alarm) => isComposite(alarm) === (kind === 'composite'))
      .map((alarm) => describe(alarm, arnOf));
  return {
    MetricAlarms: described('metric'),
    CompositeAlarms: described('composite'),
    ...(from + records < selected.length && { NextToken: `from-${from + records}` }),
  };
}

function select(alarms: Alarms, input: Input): Alarm[] {
  const names = strings(input, 'AlarmNames');
  const prefix = optional(input, 'AlarmNamePrefix');
  if (names.length > MOST) throw new AwsError('ValidationError', `AlarmNames may be ${MOST} at most`);
  if (names.length > 0 && prefix !== undefined)
    throw new AwsError('InvalidParameterCombination', 'AlarmNames and AlarmNamePrefix exclude each other');
  const types = strings(input, 'AlarmTypes');
  const state = optional(input, 'StateValue');
  const action = optional(input, 'ActionPrefix');
  const children = optional(input, 'ChildrenOfAlarmName');
  const parents = optional(input, 'ParentsOfAlarmName');
  const kin = kinOf(alarms, children, parents);
  return alarms.all().filter(
    (alarm) =>
      (types.length === 0 ? kin !== undefined || !isComposite(alarm) : types.includes(typeOf(alarm))) &&
      (names.length === 0 || names.includes(alarm.name)) &&
      (prefix === undefined || alarm.name.startsWith(prefix)) &&
      (state === undefined || alarm.state === state) &&
      (action === undefined ||
        Object.values(alarm.actions)
          .flat()
          .some((arn) => arn.startsWith(action))) &&
      (kin === undefined || kin.has(alarm.name)),
  );
}

/** Names of the alarms that a composite one is made of, or of those that are made of one. */
function kinOf(alarms: Alarms, children: string | undefined, parents: string | undefined) {
  if (children !== undefined) return new Set(namesIn(alarms.get(children)));
  if (parents === undefined) return undefined;
  return new Set(alarms.all().flatMap((alarm) => (namesIn(alarm).includes(parents) ? [alarm.name] : [])));
}

function namesIn(alarm: Alarm | undefined): readonly string[] {
  return alarm?.source.kind === 'composite' ? alarm.source.names : [];
}

function offset(token: string | undefined): number {
  if (token === undefined) return 0;
  const from = Number(/^from-(\d+)$/.exec(token)?.[1]);
  if (Number.isNaN(from)) throw new AwsError('InvalidNextToken', 'NextToken is not one that was given');
  return from;
}

function isComposite({ source }: Alarm): boolean {
  return source.kind === 'composite';
}

function typeOf(alarm: Alarm): string {
  return isComposite(alarm) ? 'CompositeAlarm' : 'MetricAlarm';
}

function describe(
  { name, put, state, reason, changedAt, updatedAt }: Alarm,
  arnOf: (name: string) => string,
) {
  return {
    ActionsEnabled: true,
    OKActions: [],
    AlarmActions: [],
    InsufficientDataActions: [],
    ...put,
    AlarmName: name,
    AlarmArn: arnOf(name),
    StateValue: state,
    StateReason: reason,
    StateUpdatedTimestamp: updatedAt,
    StateTransitionedTimestamp: changedAt,
  };
}
