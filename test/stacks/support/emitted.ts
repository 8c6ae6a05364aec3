import {
  ENGINES,
  METRICS,
  type Measured,
  PREVIEWS,
  REFUSALS,
  TAKEN_BACK_BY,
} from '../../../lib/report/metrics.ts';

/** What AWS says of itself, by the dimensions that are used: each with the page that says so. */
const OF_AWS: Record<string, { dimensions: string[]; names: string[] }> = {
  // "Types of metrics for Lambda functions", AWS Lambda Developer Guide.
  'AWS/Lambda': {
    dimensions: ['FunctionName'],
    names: ['Invocations', 'Errors', 'Throttles', 'Duration', 'AsyncEventAge'],
  },
  // "Available CloudWatch metrics for Amazon SQS", Amazon SQS Developer Guide.
  'AWS/SQS': { dimensions: ['QueueName'], names: ['ApproximateNumberOfMessagesVisible'] },
  // "DynamoDB Metrics and dimensions", Amazon DynamoDB Developer Guide.
  'AWS/DynamoDB': { dimensions: ['TableName'], names: ['ReadThrottleEvents', 'WriteThrottleEvents'] },
};

/** What there is of each dimension that has few values. */
export const VALUES: Record<string, readonly string[]> = {
  cause: REFUSALS,
  engine: ENGINES,
  takenBackBy: TAKEN_BACK_BY,
};

/** Why nobody emits the metric; undefined where somebody does. */
export function whyNobody(
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
): string | undefined {
  const keys = Object.keys(dimensions);
  const aws = OF_AWS[namespace];
  if (aws !== undefined) {
    if (!aws.names.includes(name)) return `${namespace} has no ${name}`;
    return keys.join() === aws.dimensions.join() ? undefined : `${name} has other dimensions than ${keys}`;
  }
  const all: Measured[] = Object.values(METRICS);
  const measured = all.find((metric) => metric.namespace === namespace && metric.metricName === name);
  if (measured === undefined) return `nothing is called ${namespace} ${name}`;
  const { service, ...rest } = dimensions;
  const isPreview = service === PREVIEWS && measured.service === METRICS.live.service;
  if (service !== measured.service && !isPreview) return `${name} is not of the service ${service}`;
  const [[aspect, value] = [undefined, undefined], ...more] = Object.entries(rest);
  if (aspect === undefined) return undefined;
  if (more.length > 0 || !measured.by.some((each) => each === aspect))
    return `${name} does not come by ${Object.keys(rest)}`;
  return aspect === 'app' || VALUES[aspect]?.includes(value ?? '') ? undefined : `${value} is no ${aspect}`;
}
