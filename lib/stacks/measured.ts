import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/** A metric that the functions write (lib/report/metrics.ts has them all), of all apps together. */
export interface Measured {
  namespace: string;
  metricName: string;
  service: string;
}

/** What alarms and dashboard read of what the functions write. */
export type MeasuredName =
  | 'live'
  | 'failed'
  | 'superseded'
  | 'takenBack'
  | 'leadTime'
  | 'timeToRestore'
  | 'queueAge'
  | 'buildTime'
  | 'refusedWebhooks'
  | 'swept'
  | 'stuck'
  | 'heartbeat'
  | 'alarmHeard';

export type AllMeasured = Readonly<Record<MeasuredName, Measured>>;

/** The metric with the dimension `service`, by which the others of its name are left out. */
export function metricOf(
  { namespace, metricName, service }: Measured,
  statistic: 'Sum' | 'Maximum',
  period: Duration,
): cloudwatch.Metric {
  return new cloudwatch.Metric({ namespace, metricName, dimensionsMap: { service }, statistic, period });
}
