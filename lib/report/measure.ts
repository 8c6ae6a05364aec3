import { Metrics } from '@aws-lambda-powertools/metrics';
import { type Aspect, type Measured, NAMESPACE } from './metrics.ts';

/** A metric, and its value in the metric's unit. */
export type Point = readonly [metric: Measured, value: number];

/**
 * Writes measurements to standard output in CloudWatch's embedded metric format: one line for all metrics that have the
 * same dimensions. `about` gives the values of the second dimensions; where one is absent, so is that set. `service`
 * stands in for the metrics' own.
 */
export function measure(
  points: readonly Point[],
  about: Partial<Record<Aspect, string>> = {},
  service?: string,
): void {
  const lines = Map.groupBy(points, ([metric]) => [service ?? metric.service, ...metric.by].join());
  for (const line of lines.values()) {
    const [[metric] = []] = line;
    if (metric === undefined) continue;
    const metrics = new Metrics({ namespace: NAMESPACE, serviceName: service ?? metric.service });
    // The empty set stands for the dimension `service` alone.
    metrics.addDimensions({});
    for (const aspect of metric.by) {
      const value = about[aspect];
      if (value !== undefined) metrics.addDimensions({ [aspect]: value });
    }
    for (const [{ metricName, unit }, value] of line) metrics.addMetric(metricName, unit, value);
    metrics.publishStoredMetrics();
  }
}

/** Whether now is one of the ten minutes in which the heartbeat is 1: so an alarm on it rings every twenty minutes. */
export function beats(now: number): boolean {
  return Math.floor(now / 600_000) % 2 === 0;
}
