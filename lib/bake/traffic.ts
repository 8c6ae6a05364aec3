import { type CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Traffic } from '../release/types.ts';

/** Seconds; the shortest that metrics have without extra cost, and what load balancers send. */
const PERIOD = 60;
const TIMEOUT = 5_000;

/** The metric's sum since `since`; undefined where it has no data since then. Whole minutes: the first one counts in full. */
export async function countRequests(
  cloudWatch: Pick<CloudWatchClient, 'send'>,
  { namespace, metric, dimensions }: Traffic,
  since: Date,
): Promise<number | undefined> {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const { MetricDataResults = [] } = await cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: since,
      EndTime: new Date(),
      MetricDataQueries: [
        {
          Id: 'requests',
          MetricStat: {
            Metric: { Namespace: namespace, MetricName: metric, Dimensions },
            Period: PERIOD,
            Stat: 'Sum',
          },
        },
      ],
    }),
    { abortSignal: AbortSignal.timeout(TIMEOUT) },
  );
  const values = MetricDataResults.flatMap(({ Values = [] }) => Values);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
