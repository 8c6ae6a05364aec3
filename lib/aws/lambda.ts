import { call } from './call.ts';
import { AwsError } from './error.ts';
import type { Aws } from './types.ts';

export interface Started {
  /** ARN of the durable execution; absent where the function is not durable. */
  execution: string | undefined;
}

/**
 * Has a function invoked by and by, with `event` ("Invoke", AWS Lambda API Reference, InvocationType `Event`).
 * `name` names the execution of a durable function: the same name with the same event answers the execution that there
 * is. `target` is a name or an ARN, with its qualifier.
 * @throws AwsError `DurableExecutionAlreadyStartedException` where an execution of that name has had another event
 */
export async function invokeLater(aws: Aws, target: string, event: object, name?: string): Promise<Started> {
  const { headers } = await call(aws, {
    service: 'lambda',
    method: 'POST',
    path: `/2015-03-31/functions/${label(target)}/invocations`,
    headers: {
      'content-type': 'application/octet-stream',
      'x-amz-invocation-type': 'Event',
      ...(name !== undefined && { 'x-amz-durable-execution-name': name }),
    },
    body: JSON.stringify(event),
  });
  return { execution: headers['x-amz-durable-execution-arn'] };
}

/** Whether `error` says that an execution of that name has begun before. */
export function isAlreadyStarted(error: unknown): boolean {
  return error instanceof AwsError && error.name === 'DurableExecutionAlreadyStartedException';
}

/** How a durable execution goes on ("GetDurableExecution", AWS Lambda API Reference). */
export interface Execution {
  Status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED';
  /** What the handler answered, in JSON. */
  Result?: string;
  Error?: { ErrorType?: string; ErrorMessage?: string };
}

/** Looks up the execution with the ARN `execution`. */
export async function executionOf(aws: Aws, execution: string): Promise<Execution> {
  const path = `/2025-12-01/durable-executions/${label(execution)}`;
  const { body } = await call(aws, { service: 'lambda', method: 'GET', path });
  return JSON.parse(body) as Execution;
}

/** A part of a path: all that is not unreserved in RFC 3986 is encoded, as signatures count on it. */
function label(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
