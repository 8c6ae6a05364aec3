import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Concurrency, Limits } from './limits.ts';

/** The properties of a function with such limits. */
export function runLimits(
  limits: Limits,
  deadLetters: sqs.IQueue,
  concurrency: Concurrency,
): Pick<lambda.FunctionOptions, 'tracing' | 'recursiveLoop' | 'reservedConcurrentExecutions'> &
  Pick<lambda.FunctionOptions, 'deadLetterQueue' | 'maxEventAge' | 'retryAttempts'> {
  const { atOnce, events, traced } = limits;
  return {
    tracing: traced ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
    // Lambda's default, and never to be switched off: functions here start one another. It ends a loop of 16 rounds.
    recursiveLoop: lambda.RecursiveLoop.TERMINATE,
    ...(concurrency === 'set-apart' && atOnce !== undefined && { reservedConcurrentExecutions: atOnce }),
    ...(events && { deadLetterQueue: deadLetters, ...onEvents(limits) }),
  };
}

/** What becomes of events that fail. A function and each alias of it are told apart, by how they were invoked. */
export function onEvents({
  events,
}: Limits): Pick<lambda.EventInvokeConfigOptions, 'maxEventAge' | 'retryAttempts'> {
  return events ? { retryAttempts: events.retries, maxEventAge: Duration.seconds(events.seconds) } : {};
}
