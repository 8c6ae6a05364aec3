import { AwsError } from '../error.ts';
import { type Input, list, object, optional, required } from '../input.ts';

/** What a metric is told apart by. */
export interface MetricName {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
}

/** So many values at a time. */
interface Sample {
  /** Seconds since 1970. */
  at: number;
  unit: string | undefined;
  sum: number;
  count: number;
  least: number;
  most: number;
  /** Value and how often it came; empty for what came as a statistic set. */
  values: readonly (readonly [number, number])[];
}

const KEPT = 10_000;
const STATISTICS = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'];

/** The metrics that were put, the last ones of each (API_PutMetricData, Amazon CloudWatch API Reference). */
export class MetricData {
  readonly #samples = new Map<string, Sample[]>();
  readonly #now: () => number;

  /** `now`: ms since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  put(namespace: string, datum: Input): void {
    const metric = { namespace, name: required(datum, 'MetricName'), dimensions: dimensionsOf(datum) };
    const key = keyOf(metric);
    const samples = this.#samples.get(key) ?? [];
    samples.push(sampleOf(datum, this.#now() / 1000));
    this.#samples.set(key, samples.slice(-KEPT));
  }

  /** The statistic of `metric` from `start` until `start + period` (seconds); undefined where there is no data. */
  statistic(metric: MetricName, statistic: string, start: number, period: number, unit?: string) {
    const samples = (this.#samples.get(keyOf(metric)) ?? []).filter(
      (sample) =>
        sample.at >= start && sample.at < start + period && (unit === undefined || sample.unit === unit),
    );
    return samples.length === 0 ? undefined : aggregate(samples, statistic);
  }
}

/** @throws AwsError for a statistic that there is not */
export function checkStatistic(statistic: string): void {
  if (!STATISTICS.includes(statistic) && percentileOf(statistic) === undefined)
    throw new AwsError(
      'ValidationError',
      `the statistic ${statistic} is not one of ${STATISTICS}, p0 to p100`,
    );
}

export function dimensionsOf(input: Input): Record<string, string> {
  const pairs = list(input, 'Dimensions').map(object);
  return Object.fromEntries(pairs.map((pair) => [required(pair, 'Name'), required(pair, 'Value')]));
}

function keyOf({ namespace, name, dimensions }: MetricName): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function sampleOf(datum: Input, now: number): Sample {
  const base = { at: Number(datum.Timestamp ?? now), unit: optional(datum, 'Unit') };
  if (datum.StatisticValues !== undefined) {
    const set = object(datum.StatisticValues);
    const [sum, count, least, most] = ['Sum', 'SampleCount', 'Minimum', 'Maximum'].map((name) =>
      Number(set[name]),
    );
    return { ...base, sum: sum ?? 0, count: count ?? 0, least: least ?? 0, most: most ?? 0, values: [] };
  }
  const given = datum.Value === undefined ? list(datum, 'Values').map(Number) : [Number(datum.Value)];
  if (given.length === 0 || given.some(Number.isNaN))
    throw new AwsError('InvalidParameterValue', 'MetricData has a datum without a value');
  const counts = list(datum, 'Counts').map(Number);
  const values = given.map((value, index) => [value, counts[index] ?? 1] as const);
  return {
    ...base,
    sum: values.reduce((sum, [value, count]) => sum + value * count, 0),
    count: values.reduce((sum, [, count]) => sum + count, 0),
    least: Math.min(...given),
    most: Math.max(...given),
    values,
  };
}

function aggregate(samples: readonly Sample[], statistic: string): number {
  const add = (of: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0);
  const sum = add((sample) => sample.sum);
  const count = add((sample) => sample.count);
  switch (statistic) {
    case 'Sum':
      return sum;
    case 'SampleCount':
      return count;
    case 'Average':
      return sum / count;
    case 'Minimum':
      return Math.min(...samples.map(({ least }) => least));
    case 'Maximum':
      return Math.max(...samples.map(({ most }) => most));
    default:
      return percentile(samples, percentileOf(statistic) ?? 50);
  }
}

function percentileOf(statistic: string): number | undefined {
  const percent = Number(/^p(\d{1,3}(\.\d+)?)$/.exec(statistic)?.[1]);
  return percent >= 0 && percent <= 100 ? percent : undefined;
}

/** By nearest rank. */
function percentile(samples: readonly Sample[], percent: number): number {
  const values = samples.flatMap((sample) => sample.values).sort(([a], [b]) => a - b);
  const total = values.reduce((sum, [, count]) => sum + count, 0);
  let left = Math.ceil((percent / 100) * total);
  for (const [value, count] of values) {
    left -= count;
    if (left <= 0) return value;
  }
  return values.at(-1)?.[0] ?? Number.NaN;
}
