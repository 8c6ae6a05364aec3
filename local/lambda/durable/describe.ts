import type { Execution } from './execution.ts';

/** An execution as lists show it. */
export function describe({ identity, status, startedAt, endedAt }: Execution) {
  return {
    DurableExecutionArn: identity.arn,
    DurableExecutionName: identity.name,
    FunctionArn: identity.arn.split('/durable-execution/')[0],
    Status: status,
    StartTimestamp: startedAt,
    EndTimestamp: endedAt,
  };
}

export function endingDetails({ ending }: Execution) {
  if (ending === undefined) return {};
  return 'error' in ending ? { Error: ending.error } : { Result: ending.result };
}

/** A history event without what the functions said: only that they said something. */
export function withoutData(event: object): object {
  const strip = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !(value instanceof Date)
      ? Object.fromEntries(
          Object.entries(value).map(([name, member]) =>
            name === 'Input' || name === 'Result' || name === 'Error'
              ? [name, member === undefined ? undefined : { Truncated: true }]
              : [name, strip(member)],
          ),
        )
      : value;
  return strip(event) as object;
}
