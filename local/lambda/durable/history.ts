import type { EventType } from '@aws-sdk/client-lambda';
import type { Ending, ErrorObject, HistoryEvent, Operation, OperationUpdate } from './types.ts';

const PREFIXES: Readonly<Record<string, string>> = {
  CONTEXT: 'Context',
  STEP: 'Step',
  WAIT: 'Wait',
  CALLBACK: 'Callback',
  CHAINED_INVOKE: 'ChainedInvoke',
};

const SUFFIXES: Readonly<Record<string, string>> = {
  STARTED: 'Started',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  TIMED_OUT: 'TimedOut',
  CANCELLED: 'Cancelled',
  STOPPED: 'Stopped',
};

/** The events of one execution, oldest first: what GetDurableExecutionHistory shows. */
export class History {
  readonly events: HistoryEvent[] = [];

  /** `timeout`: the seconds that the execution may take. */
  begin(execution: Operation, now: Date, timeout: number): void {
    const Input = { Payload: execution.ExecutionDetails?.InputPayload };
    this.#add('ExecutionStarted', now, { Input, ExecutionTimeout: timeout }, execution);
  }

  end(execution: Operation, now: Date, ending: Ending): void {
    const values =
      'error' in ending ? { Error: { Payload: ending.error } } : { Result: { Payload: ending.result } };
    this.#add(`Execution${SUFFIXES[ending.status]}`, now, values, execution);
  }

  /** Notes that an operation came into its present state, by an update of the function or from outside. */
  note(operation: Operation, now: Date, update?: OperationUpdate): void {
    // A step that is tried again has ended one attempt: with an error, or without one in a waitForCondition.
    const status =
      operation.Status === 'PENDING'
        ? update?.Error === undefined
          ? 'SUCCEEDED'
          : 'FAILED'
        : operation.Status;
    const prefix = PREFIXES[operation.Type ?? ''];
    const suffix = SUFFIXES[status ?? ''];
    if (prefix !== undefined && suffix !== undefined)
      this.#add(`${prefix}${suffix}`, now, details(operation, suffix, update), operation);
  }

  invocation(requestId: string, start: Date, end: Date, error?: ErrorObject): void {
    this.#add('InvocationCompleted', end, {
      StartTimestamp: start,
      EndTimestamp: end,
      RequestId: requestId,
      Error: error === undefined ? undefined : { Payload: error },
    });
  }

  #add(type: string, now: Date, values: object, operation?: Operation): void {
    const { Id, Name, ParentId, SubType } = operation ?? {};
    this.events.push({
      EventType: type as EventType,
      EventId: this.events.length + 1,
      EventTimestamp: now,
      Id,
      Name,
      ParentId,
      SubType,
      [`${type}Details`]: values,
    });
  }
}

function details(operation: Operation, suffix: string, update?: OperationUpdate): object {
  if (suffix === 'Started') return started(operation, update);
  const { Result, Error: error } = resultOf(operation);
  const value = suffix === 'Succeeded' ? { Result: { Payload: Result } } : { Error: { Payload: error } };
  if (operation.Type === 'WAIT') return { Duration: seconds(operation) };
  if (operation.Type !== 'STEP') return value;
  return {
    ...value,
    RetryDetails: {
      CurrentAttempt: operation.StepDetails?.Attempt,
      NextAttemptDelaySeconds: update?.StepOptions?.NextAttemptDelaySeconds,
    },
  };
}

function started(operation: Operation, update?: OperationUpdate): object {
  switch (operation.Type) {
    case 'WAIT':
      return {
        Duration: seconds(operation),
        ScheduledEndTimestamp: operation.WaitDetails?.ScheduledEndTimestamp,
      };
    case 'CALLBACK':
      return {
        CallbackId: operation.CallbackDetails?.CallbackId,
        Timeout: update?.CallbackOptions?.TimeoutSeconds,
        HeartbeatTimeout: update?.CallbackOptions?.HeartbeatTimeoutSeconds,
      };
    case 'CHAINED_INVOKE':
      return {
        FunctionName: update?.ChainedInvokeOptions?.FunctionName,
        Input: { Payload: update?.Payload },
      };
    default:
      return {};
  }
}

const resultOf = (operation: Operation) =>
  operation.StepDetails ??
  operation.ContextDetails ??
  operation.CallbackDetails ??
  operation.ChainedInvokeDetails ?? { Result: undefined, Error: undefined };

const seconds = ({ StartTimestamp, WaitDetails }: Operation) =>
  Math.round(
    ((WaitDetails?.ScheduledEndTimestamp?.getTime() ?? 0) - (StartTimestamp?.getTime() ?? 0)) / 1000,
  );
