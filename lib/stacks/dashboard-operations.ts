import type { Watched } from './alarm-definitions.ts';
import { graph, type Line, line, type Widget } from './dashboard-widgets.ts';

const MINUTES = 300;
const HOUR = 3600;

/** Rows of widgets: how the pipeline itself does. */
export function operationWidgets(watched: Watched, region: string): Widget[][] {
  const { measured, deadLetters, ledger } = watched;
  const often = { region, period: MINUTES };
  const hourly = { region, period: HOUR };
  const { buildTime, refusedWebhooks, stuck, swept, alarmHeard } = measured;
  return [
    [
      graph({ title: 'Build time, by engine', unit: 'ms', lines: byEngine(buildTime), ...hourly }),
      graph({
        title: 'Webhooks refused, by cause',
        unit: 'an hour',
        lines: byCause(refusedWebhooks),
        ...hourly,
      }),
      graph({
        title: 'Stuck deployments',
        unit: 'environments',
        lines: [line(stuck, 'Maximum', 'stuck')],
        ...often,
      }),
      graph({
        title: 'Dead letters',
        unit: 'events',
        lines: [
          aws(
            'AWS/SQS',
            'ApproximateNumberOfMessagesVisible',
            ['QueueName', deadLetters.queueName],
            'Maximum',
            'waiting',
          ),
        ],
        ...often,
      }),
    ],
    [
      graph({
        title: 'Errors of functions',
        unit: 'an hour',
        lines: ofFunctions(watched, 'Errors', 'Sum'),
        ...hourly,
      }),
      graph({
        title: 'Throttles of functions',
        unit: 'an hour',
        lines: ofFunctions(watched, 'Throttles', 'Sum'),
        ...hourly,
      }),
      graph({
        title: 'Duration of functions',
        unit: 'ms',
        lines: ofFunctions(watched, 'Duration', 'Maximum'),
        ...hourly,
      }),
      graph({
        title: 'Ledger throttled',
        unit: 'requests',
        lines: ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) =>
          aws('AWS/DynamoDB', name, ['TableName', ledger.tableName], 'Sum', name),
        ),
        ...often,
      }),
    ],
    [
      graph({
        title: 'Rounds of the sweep, and alarms heard',
        unit: 'an hour',
        lines: [line(swept, 'Sum', 'rounds'), line(alarmHeard, 'Sum', 'alarms heard')],
        ...hourly,
      }),
      graph({
        title: 'Previews, by how their deployment ended',
        unit: 'an hour',
        lines: [measured.live, measured.failed].map((metric) =>
          line({ ...metric, service: 'preview' }, 'Sum', metric.metricName),
        ),
        ...hourly,
      }),
    ],
  ];
}

function byEngine(buildTime: Parameters<typeof line>[0]): Line[] {
  return ['function', 'microvm', 'codebuild'].flatMap((engine) => [
    line(buildTime, 'p50', `${engine}, half of them`, { more: ['engine', engine] }),
    line(buildTime, 'Maximum', `${engine}, longest`, { more: ['engine', engine] }),
  ]);
}

function byCause(refused: Parameters<typeof line>[0]): Line[] {
  return ['signature', 'unknown-host', 'malformed', 'too-large', 'internal'].map((cause) =>
    line(refused, 'Sum', cause, { more: ['cause', cause] }),
  );
}

function ofFunctions({ functions }: Watched, metric: string, stat: string): Line[] {
  return Object.entries(functions).map(([name, { functionName }]) =>
    aws('AWS/Lambda', metric, ['FunctionName', functionName], stat, name),
  );
}

function aws(
  namespace: string,
  name: string,
  dimension: readonly [string, string],
  stat: string,
  label: string,
): Line {
  return [namespace, name, ...dimension, { stat, label }];
}
