import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required } from '../input.ts';
import type { MetricData } from './cloudwatch-data.ts';
import { type Queries, readQueries, valuesOf } from './cloudwatch-queries.ts';

interface Range {
  start: number;
  end: number;
  newestFirst: boolean;
}

/** GetMetricData, all on one page (API_GetMetricData, Amazon CloudWatch API Reference). */
export function getMetricData(data: MetricData, input: Input) {
  const [start, end] = [Number(input.StartTime), Number(input.EndTime)];
  if (!(start < end)) throw new AwsError('ValidationError', 'StartTime must be before EndTime');
  const newestFirst = optional(input, 'ScanBy') !== 'TimestampAscending';
  const given = list(input, 'MetricDataQueries').map(object);
  const queries = readQueries(given);
  const wanted = given.filter(({ ReturnData }) => ReturnData !== false);
  return {
    MetricDataResults: wanted.map((query) => {
      const period = periodOf(query, given);
      return result(data, queries, query, period, { start, end, newestFirst });
    }),
    Messages: [],
  };
}

/** An expression has the period of the metrics that it is about. */
function periodOf(query: Input, all: readonly Input[]): number {
  const stat = query.MetricStat ?? all.find(({ MetricStat }) => MetricStat !== undefined)?.MetricStat;
  const period = Number(object(stat).Period ?? query.Period);
  if (!(period > 0)) throw new AwsError('ValidationError', 'Period must be a number of seconds');
  return period;
}

function result(data: MetricData, queries: Queries, query: Input, period: number, range: Range) {
  const id = required(query, 'Id');
  const starts: number[] = [];
  // Of what is not old, the start is rounded down to the period.
  for (let at = Math.floor(range.start / period) * period; at < range.end; at += period) starts.push(at);
  const values = valuesOf(data, queries, id, starts, period);
  const points = starts.flatMap((at, index) => {
    const value = values[index];
    return value === undefined ? [] : [[at, value] as const];
  });
  if (range.newestFirst) points.reverse();
  const metric = object(object(query.MetricStat).Metric);
  return {
    Id: id,
    Label: optional(query, 'Label') ?? optional(metric, 'MetricName') ?? id,
    StatusCode: 'Complete',
    Timestamps: points.map(([at]) => at),
    Values: points.map(([, value]) => value),
  };
}
