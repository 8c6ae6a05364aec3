import type { ErrorObject, Operation } from '@aws-sdk/client-lambda';

// The shapes of operations, updates and history events are the API's own; times in them are Dates until they are
// put on the wire (wire.ts).
export type { ErrorObject, Event as HistoryEvent, Operation, OperationUpdate } from '@aws-sdk/client-lambda';

/** An operation, with what the API does not show of it. */
export interface Tracked {
  operation: Operation;
  /** When a callback times out. */
  timeoutAt?: number;
  /** Seconds that may pass between heartbeats of a callback. */
  heartbeatSeconds?: number;
  /** When a callback times out unless there is a heartbeat before. */
  heartbeatAt?: number;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED';

/** How an execution or a chained invocation ended. */
export type Ending =
  | { status: 'SUCCEEDED'; result?: string }
  | { status: 'FAILED' | 'TIMED_OUT' | 'STOPPED'; error: ErrorObject };

/** What EventBridge tells as "Durable Execution Status Change". */
export interface StatusChange {
  arn: string;
  /** Of the execution. */
  name: string;
  function: string;
  status: ExecutionStatus;
}
