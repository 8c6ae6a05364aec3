import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required, strings } from '../input.ts';
import type { Alarm } from './cloudwatch-alarms.ts';
import { type AlarmRule, COMPARISONS, type Comparison } from './cloudwatch-evaluate.ts';
import { type Queries, readQueries } from './cloudwatch-queries.ts';
import { compositeRule } from './cloudwatch-rule.ts';

type Put = Pick<Alarm, 'name' | 'source' | 'put' | 'actions' | 'tags'>;

const TREATMENTS: readonly string[] = [
  'missing',
  'ignore',
  'breaching',
  'notBreaching',
] satisfies AlarmRule['treatMissingData'][];

/** What PutMetricAlarm puts: an alarm on one metric, or on an expression over several. @throws AwsError ValidationError */
export function metricAlarm(input: Input): Put {
  const evaluationPeriods = whole(input, 'EvaluationPeriods');
  const datapointsToAlarm =
    input.DatapointsToAlarm === undefined ? evaluationPeriods : whole(input, 'DatapointsToAlarm');
  if (datapointsToAlarm > evaluationPeriods)
    throw new AwsError('ValidationError', 'DatapointsToAlarm must be at most EvaluationPeriods');
  const comparison = required(input, 'ComparisonOperator');
  if (!Object.hasOwn(COMPARISONS, comparison))
    throw new AwsError('ValidationError', `ComparisonOperator must be one of ${Object.keys(COMPARISONS)}`);
  const treatMissingData = optional(input, 'TreatMissingData') ?? 'missing';
  if (!TREATMENTS.includes(treatMissingData))
    throw new AwsError('ValidationError', `TreatMissingData must be one of ${TREATMENTS}`);
  return {
    ...common(input),
    source: {
      kind: 'metric',
      ...watched(input),
      threshold: number(input, 'Threshold'),
      comparison: comparison as Comparison,
      evaluationPeriods,
      datapointsToAlarm,
      treatMissingData: treatMissingData as AlarmRule['treatMissingData'],
    },
  };
}

/** The queries of an alarm, and the one that is judged: the only one that returns data. */
function watched(input: Input): { queries: Queries; id: string; period: number } {
  const metrics = list(input, 'Metrics').map(object);
  if (metrics.length === 0) {
    const Metric = { ...input };
    const Stat = optional(input, 'ExtendedStatistic') ?? required(input, 'Statistic');
    const queries = readQueries([{ Id: 'metric', MetricStat: { Metric, Stat, Unit: input.Unit } }]);
    return { queries, id: 'metric', period: periodOf(input) };
  }
  const judged = metrics.filter(({ ReturnData }) => ReturnData !== false);
  const stats = metrics.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [object(MetricStat)]));
  const [only] = judged;
  if (only === undefined || judged.length > 1)
    throw new AwsError('ValidationError', 'exactly one of Metrics must return data');
  const periods = new Set(stats.map(periodOf));
  const [period] = periods;
  if (period === undefined || periods.size > 1)
    throw new AwsError('ValidationError', 'all of Metrics must have the same Period');
  return { queries: readQueries(metrics), id: required(only, 'Id'), period };
}

/** What PutCompositeAlarm puts. @throws AwsError ValidationError */
export function compositeAlarm(input: Input): Put {
  return { ...common(input), source: { kind: 'composite', ...compositeRule(required(input, 'AlarmRule')) } };
}

export function tagsOf(input: Input): Map<string, string> {
  const pairs = list(input, 'Tags').map(object);
  return new Map(pairs.map((pair) => [required(pair, 'Key'), optional(pair, 'Value') ?? '']));
}

function common(input: Input): Pick<Put, 'name' | 'put' | 'actions' | 'tags'> {
  const enabled = input.ActionsEnabled !== false;
  const actions = (name: string) => (enabled ? strings(input, name) : []);
  const { Tags: _, ...put } = input;
  return {
    name: required(input, 'AlarmName'),
    put,
    tags: tagsOf(input),
    actions: {
      OK: actions('OKActions'),
      ALARM: actions('AlarmActions'),
      INSUFFICIENT_DATA: actions('InsufficientDataActions'),
    },
  };
}

function periodOf(input: Input): number {
  const period = whole(input, 'Period');
  if ([10, 20, 30].includes(period) || period % 60 === 0) return period;
  throw new AwsError('ValidationError', 'Period must be 10, 20, 30 or a multiple of 60');
}

function number(input: Input, name: string): number {
  const value = input[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new AwsError('ValidationError', `${name} is required and must be a number`);
}

function whole(input: Input, name: string): number {
  const value = number(input, name);
  if (Number.isInteger(value) && value > 0) return value;
  throw new AwsError('ValidationError', `${name} must be a whole number above 0`);
}
