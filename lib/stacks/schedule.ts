import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** Invokes `alias` every so many minutes; what cannot be delivered goes to `deadLetters`, where an alarm sees it. */
export function invokeEvery(
  scope: Construct,
  alias: lambda.Alias,
  minutes: number,
  deadLetters: sqs.IQueue,
): events.Rule {
  const target = new targets.LambdaFunction(alias, {
    deadLetterQueue: deadLetters,
    // A round that comes late is of no more use than the next one.
    maxEventAge: Duration.minutes(minutes),
    retryAttempts: 2,
  });
  return new events.Rule(scope, 'SweepSchedule', {
    description: 'Fairlead: pushes that were lost, previews that are over',
    schedule: events.Schedule.rate(Duration.minutes(minutes)),
    targets: [target],
  });
}
