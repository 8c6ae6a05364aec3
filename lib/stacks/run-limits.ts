import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Concurrency, Limits } from './limits.ts';

/** The properties of a function with such limits. */
export function runLimits(
  { atOnce, events, traced }: Limits,
  deadLetters: sqs.IQueue,
  concurrency: Concurrency,
): Pick<lambda.FunctionOptions, 'tracing' | 'recursiveLoop' | 'reservedConcurrentExecutions'> &
  Pick<lambda.FunctionOptions, 'deadLetterQueue' | 'maxEventAge' | 'retryAttempts'> {
  return {
    tracing: traced ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
    // Lambda's default, and never to be switched off: functions here start one another. It ends a loop of 16 rounds.
    recursiveLoop: lambda.RecursiveLoop.TERMINATE,
    ...(concurrency === 'set-apart' && atOnce !== undefined && { reservedConcurrentExecutions: atOnce }),
    ...(events && {
      deadLetterQueue: deadLetters,
      retryAttempts: events.retries,
      maxEventAge: Duration.seconds(events.seconds),
    }),
  };
}
