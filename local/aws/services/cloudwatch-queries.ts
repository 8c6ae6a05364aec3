import { AwsError } from '../error.ts';
import { type Input, object, optional, required } from '../input.ts';
import { checkStatistic, dimensionsOf, type MetricData, type MetricName } from './cloudwatch-data.ts';
import { Expression, type Series } from './cloudwatch-math.ts';

/** One statistic of a metric. */
export interface Stat {
  metric: MetricName;
  statistic: string;
  unit?: string;
}

/** Statistics and expressions over them, by id, as MetricDataQueries say them. */
export type Queries = ReadonlyMap<string, Stat | { expression: string }>;

/** @throws AwsError ValidationError */
export function readQueries(queries: readonly Input[]): Queries {
  return new Map(
    queries.map((query): [string, Stat | { expression: string }] => {
      const id = required(query, 'Id');
      const expression = optional(query, 'Expression');
      if (expression === undefined) return [id, readStat(object(query.MetricStat))];
      // It is read here, so that a wrong one is refused when it is put.
      new Expression(expression, 0);
      return [id, { expression }];
    }),
  );
}

function readStat(stat: Input): Stat {
  const metric = object(stat.Metric);
  const statistic = required(stat, 'Stat');
  checkStatistic(statistic);
  const unit = optional(stat, 'Unit');
  return {
    metric: {
      namespace: required(metric, 'Namespace'),
      name: required(metric, 'MetricName'),
      dimensions: dimensionsOf(metric),
    },
    statistic,
    ...(unit !== undefined && { unit }),
  };
}

/** The values of `id` in the periods that begin at `starts` (seconds since 1970) and take `period` seconds. */
export function valuesOf(
  data: MetricData,
  queries: Queries,
  id: string,
  starts: readonly number[],
  period: number,
): Series {
  const query = queries.get(id);
  if (query === undefined) throw new AwsError('ValidationError', `there is no metric or expression ${id}`);
  if ('expression' in query)
    return new Expression(query.expression, starts.length).evaluate((name) =>
      valuesOf(data, queries, name, starts, period),
    );
  return starts.map((start) => data.statistic(query.metric, query.statistic, start, period, query.unit));
}
