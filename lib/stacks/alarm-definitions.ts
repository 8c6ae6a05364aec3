import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { FunctionName } from './functions.ts';
import { type AllMeasured, metricOf } from './measured.ts';

/** What alarms watch. */
export interface Watched {
  functions: Readonly<Record<FunctionName, lambda.Function>>;
  deadLetters: sqs.IQueue;
  ledger: dynamodb.ITableV2;
  measured: AllMeasured;
}

/** What wakes a person, beside what always does. */
export interface AlarmThresholds {
  /** Webhooks refused in five minutes. */
  refusedWebhooks: number;
  /** Seconds that a build may take. */
  buildTime: number;
  /** Seconds that a push may wait before somebody is at work on it. */
  queueAge: number;
}

/** One alarm on a metric. docs/alarms.md has a section of its `name`. */
export interface AlarmDefinition {
  name: string;
  /** What has happened, and what to do first. */
  says: string;
  metric: cloudwatch.IMetric;
  /** It rings at this much, or at less where `rings` says so. */
  threshold: number;
  rings?: 'from' | 'below';
  /** Periods in a row; one when absent. */
  periods?: number;
  /** What a period without data is: nothing happens between pushes. */
  missing: 'quiet' | 'rings';
}

const MINUTES = Duration.minutes(5);

/**
 * Functions whose time-out cuts off what should have come to an end. A build breaks itself off before its own, and goes to
 * another engine.
 */
const TIMED: readonly FunctionName[] = [
  'receive-push',
  'deploy',
  'roll-out',
  'sweep',
  'watch-alarm',
  'operate',
];

/** Every alarm that tells people by itself. */
export function alarmDefinitions(watched: Watched, thresholds: AlarmThresholds): AlarmDefinition[] {
  return [
    ...ofDeployments(watched, thresholds),
    ...ofWhatIsLost(watched, thresholds),
    ...ofFunctions(watched),
  ];
}

function ofDeployments({ measured }: Watched, { buildTime }: AlarmThresholds): AlarmDefinition[] {
  const { failed, takenBack, stuck, buildTime: built } = measured;
  return [
    {
      name: 'failed-deployments',
      says: 'A push did not become live; what ran before runs on. Its commit status says why, and so does `fairlead status APP`.',
      metric: metricOf(failed, 'Sum', MINUTES),
      threshold: 1,
      missing: 'quiet',
    },
    {
      name: 'releases-taken-back',
      says: 'A release that served was taken back, and what was good before runs again. `fairlead releases APP` says by whom and why: mend the commit, then push.',
      metric: metricOf(takenBack, 'Sum', MINUTES),
      threshold: 1,
      missing: 'quiet',
    },
    {
      name: 'stuck-deployments',
      says: 'Something has been at work on an environment for longer than it should. The log of the function sweep names it under `stuck`; look at its execution of the function deploy, and stop it if it does nothing.',
      metric: metricOf(stuck, 'Maximum', MINUTES),
      threshold: 1,
      missing: 'quiet',
    },
    {
      name: 'slow-builds',
      says: `A build took longer than ${buildTime} s. The story of its push names the slow step: give it a cache, or another engine.`,
      metric: metricOf(built, 'Maximum', MINUTES),
      threshold: buildTime * 1000,
      missing: 'quiet',
    },
  ];
}

function ofWhatIsLost(
  { functions, deadLetters, ledger, measured }: Watched,
  { refusedWebhooks, queueAge }: AlarmThresholds,
): AlarmDefinition[] {
  return [
    {
      name: 'refused-webhooks',
      says: `${refusedWebhooks} webhooks or more were refused in five minutes: a wrong secret, another kind of request, or somebody who guesses. The log of the function receive-push has each one's cause.`,
      metric: metricOf(measured.refusedWebhooks, 'Sum', MINUTES),
      threshold: refusedWebhooks,
      missing: 'quiet',
    },
    {
      name: 'waiting-pushes',
      says: `A push waited for longer than ${queueAge} s before anybody was at work on it: for another deployment of its branch, for an app's room, or for Lambda itself.`,
      metric: longest(
        metricOf(measured.queueAge, 'Maximum', MINUTES),
        functions.deploy.metric('AsyncEventAge', { statistic: 'Maximum', period: MINUTES }),
      ),
      threshold: queueAge * 1000,
      missing: 'quiet',
    },
    {
      name: 'ledger-throttled',
      says: 'DynamoDB refused reads or writes of the ledger. They are tried again, and deployments take longer; if it goes on, raise the quota of the table.',
      metric: sum('Throttled', [
        ledger.metric('ReadThrottleEvents', { statistic: 'Sum', period: MINUTES }),
        ledger.metric('WriteThrottleEvents', { statistic: 'Sum', period: MINUTES }),
      ]),
      threshold: 1,
      missing: 'quiet',
    },
    {
      name: 'dead-letters',
      says: 'An event was given up after its retries. `fairlead dead-letters` says which and why; put that right, then `fairlead dead-letters --all` has it done after all.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: MINUTES }),
      threshold: 1,
      missing: 'quiet',
    },
    {
      name: 'sweep-not-running',
      says: 'The function sweep has not come to the end of a round for a quarter of an hour: lost pushes stay lost, and old previews stay. Its log says why, or the rule that invokes it is off.',
      metric: metricOf(measured.swept, 'Sum', MINUTES),
      threshold: 1,
      rings: 'below',
      periods: 3,
      missing: 'rings',
    },
  ];
}

function ofFunctions({ functions }: Watched): AlarmDefinition[] {
  const all = Object.entries(functions);
  const errors = all.map(
    ([name, made]): AlarmDefinition => ({
      name: `${name}-errors`,
      says: `The function ${name} threw, or was cut off. Its log has the stack trace; Lambda and the callers try again.`,
      metric: made.metricErrors({ statistic: 'Sum', period: MINUTES }),
      threshold: 1,
      missing: 'quiet',
    }),
  );
  const throttles = all.map(([, made]) => made.metricThrottles({ statistic: 'Sum', period: MINUTES }));
  return [
    ...errors,
    {
      name: 'functions-throttled',
      says: "Lambda refused to run a function of Fairlead: the account's concurrency is used up, by it or by others. Ask for a higher quota, or reserve some.",
      metric: sum('Throttles', throttles),
      threshold: 1,
      missing: 'quiet',
    },
    {
      name: 'near-time-out',
      says: 'A function took 90 % of its time-out or more: next time it may be cut off. The dashboard shows which; its log shows what it waited for.',
      metric: nearness(functions),
      threshold: 90,
      missing: 'quiet',
    },
  ];
}

/** A metric without data, as of a function that did not run, counts as 0 and takes nothing from the others. */
function sum(label: string, metrics: readonly cloudwatch.IMetric[]): cloudwatch.MathExpression {
  const usingMetrics = named(metrics);
  const filled = Object.keys(usingMetrics).map((id) => `FILL(${id}, 0)`);
  return new cloudwatch.MathExpression({
    expression: `SUM([${filled}])`,
    usingMetrics,
    label,
    period: MINUTES,
  });
}

function longest(...metrics: cloudwatch.IMetric[]): cloudwatch.MathExpression {
  const usingMetrics = named(metrics);
  const filled = Object.keys(usingMetrics).map((id) => `FILL(${id}, 0)`);
  return new cloudwatch.MathExpression({
    expression: `MAX([${filled}])`,
    usingMetrics,
    label: 'Longest wait (ms)',
    period: MINUTES,
  });
}

/** The greatest share of its time-out that a function took, in percent. */
function nearness(functions: Watched['functions']): cloudwatch.MathExpression {
  const usingMetrics = named(
    TIMED.map((name) => functions[name].metricDuration({ statistic: 'Maximum', period: MINUTES })),
  );
  const shares = TIMED.map((name, index) => {
    const seconds = functions[name].timeout?.toSeconds() ?? 3;
    // Milliseconds of so many seconds, as percent.
    return `FILL(m${index}, 0) / ${seconds * 10}`;
  });
  return new cloudwatch.MathExpression({
    expression: `MAX([${shares.join(', ')}])`,
    usingMetrics,
    label: 'Share of the time-out (%)',
    period: MINUTES,
  });
}

function named(metrics: readonly cloudwatch.IMetric[]): Record<string, cloudwatch.IMetric> {
  return Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
}
