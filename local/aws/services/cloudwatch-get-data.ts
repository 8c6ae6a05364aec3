import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required } from '../input.ts';
import { checkStatistic, dimensionsOf, type MetricData } from './cloudwatch-data.ts';

/** GetMetricData for metrics, without math, all on one page (API_GetMetricData, Amazon CloudWatch API Reference). */
export function getMetricData(data: MetricData, input: Input) {
  const [start, end] = [Number(input.StartTime), Number(input.EndTime)];
  if (!(start < end)) throw new AwsError('ValidationError', 'StartTime must be before EndTime');
  const newestFirst = optional(input, 'ScanBy') !== 'TimestampAscending';
  const queries = list(input, 'MetricDataQueries').map(object);
  const wanted = queries.filter(({ ReturnData }) => ReturnData !== false);
  return {
    MetricDataResults: wanted.map((query) => result(data, query, { start, end, newestFirst })),
    Messages: [],
  };
}

function result(data: MetricData, query: Input, range: { start: number; end: number; newestFirst: boolean }) {
  const id = required(query, 'Id');
  if (query.MetricStat === undefined)
    throw new AwsError('ValidationError', 'the local cloud gives data of metrics, without math');
  const stat = object(query.MetricStat);
  const metric = object(stat.Metric);
  const name = required(metric, 'MetricName');
  const of = { namespace: required(metric, 'Namespace'), name, dimensions: dimensionsOf(metric) };
  const statistic = required(stat, 'Stat');
  checkStatistic(statistic);
  const period = Number(stat.Period);
  if (!(period > 0)) throw new AwsError('ValidationError', 'Period must be a number of seconds');
  const points: [number, number][] = [];
  // Of what is not old, the start is rounded down to the period.
  for (let at = Math.floor(range.start / period) * period; at < range.end; at += period) {
    const value = data.statistic(of, statistic, at, period, optional(stat, 'Unit'));
    if (value !== undefined) points.push([at, value]);
  }
  if (range.newestFirst) points.reverse();
  return {
    Id: id,
    Label: optional(query, 'Label') ?? name,
    StatusCode: 'Complete',
    Timestamps: points.map(([at]) => at),
    Values: points.map(([, value]) => value),
  };
}
