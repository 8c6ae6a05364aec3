import {
  GetDurableExecutionHistoryCommand,
  type GetDurableExecutionHistoryCommandOutput,
} from '@aws-sdk/client-lambda';
import type { Source, start } from './local-lambda.ts';

type Lambda = Awaited<ReturnType<typeof start>>;

export const durable = { executionTimeout: 60, retentionPeriod: 1 };

/** A durable handler, by the unmodified SDK; `log` notes what really runs, replays aside. */
export const workflow = (body: string, rest: Partial<Source> = {}): Source => ({
  code: `
    import { createRetryStrategy, JitterStrategy, StepSemantics, withDurableExecution } from '@aws/durable-execution-sdk-js';
    const log = (ran: unknown) => console.log(JSON.stringify({ ran }));
    const retry = (maxAttempts: number) => createRetryStrategy({ maxAttempts, initialDelay: { seconds: 1 }, backoffRate: 1, jitter: JitterStrategy.NONE });
    const none = () => ({ shouldRetry: false });
    export const handler = withDurableExecution(async (event: any, context: any) => { ${body} });`,
  timeout: 10,
  durable,
  ...rest,
});

/** What a function noted by `log`, in its order. */
export const ran = (lambda: Lambda, name: string) =>
  lambda.heard.flatMap((heard) =>
    heard.function === name && 'record' in heard && heard.record.ran ? [heard.record.ran] : [],
  );

export async function historyOf(
  lambda: Lambda,
  DurableExecutionArn = '',
): Promise<NonNullable<GetDurableExecutionHistoryCommandOutput['Events']>> {
  return (
    (await lambda.client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn }))).Events ?? []
  );
}

/** The types of an execution's events, those of its invocations aside. */
export const typesOf = async (lambda: Lambda, arn?: string) =>
  (await historyOf(lambda, arn))
    .map((event) => event.EventType)
    .filter((type) => type !== 'InvocationCompleted');
