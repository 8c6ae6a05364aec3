import { type Input, list, object, optional, required } from '../input.ts';

/**
 * The metrics in a log record, each once for every set of its dimensions; none where it is no record of that kind. Times
 * are moved by `ahead` ms. Source: "Specification: Embedded metric format", Amazon CloudWatch User Guide.
 */
export function embeddedMetrics(record: Input, ahead: number): { namespace: string; datum: Input }[] {
  const { CloudWatchMetrics: directives, Timestamp } = object(record._aws);
  if (directives === undefined) return [];
  return list({ directives }, 'directives')
    .map(object)
    .flatMap((directive) => {
      const namespace = required(directive, 'Namespace');
      const sets = list(directive, 'Dimensions').map((set) => list({ set }, 'set').map(String));
      const metrics = list(directive, 'Metrics').map(object);
      return sets.flatMap((set) =>
        metrics.map((metric) => {
          const name = required(metric, 'Name');
          const datum = {
            MetricName: name,
            Dimensions: set.map((Name) => ({ Name, Value: String(record[Name]) })),
            Values: [record[name]].flat(),
            Unit: optional(metric, 'Unit'),
            Timestamp: (Number(Timestamp) + ahead) / 1000,
          };
          return { namespace, datum };
        }),
      );
    });
}
