import { AwsError } from '../../aws/error.ts';
import type { Operation, OperationUpdate, Tracked } from './types.ts';

const OVER: readonly (string | undefined)[] = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'STOPPED'];
const ERROR_LIMIT = 32_768;

/** Which actions an update may ask for: of an operation that is not there yet ('new'), or by its status. */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  // A step may be reported when it is over and not before: at-least-once steps often are.
  STEP: {
    START: ['new', 'READY'],
    SUCCEED: ['new', 'STARTED', 'READY'],
    FAIL: ['new', 'STARTED', 'READY'],
    RETRY: ['new', 'STARTED', 'READY'],
  },
  CONTEXT: { START: ['new'], SUCCEED: ['new', 'STARTED'], FAIL: ['new', 'STARTED'] },
  WAIT: { START: ['new'], CANCEL: ['STARTED'] },
  CALLBACK: { START: ['new'], CANCEL: ['STARTED'] },
  CHAINED_INVOKE: { START: ['new'], CANCEL: ['STARTED'] },
};

export const isOver = ({ Status }: Operation) => OVER.includes(Status);

/** The error for a checkpoint that the API refuses. */
export const invalid = (message: string) => new AwsError('InvalidParameterValueException', message);

/**
 * What `update` makes of an operation (undefined: it is new) at the time `now`; throws InvalidParameterValueException
 * for a transition that there is not. Source: API_CheckpointDurableExecution and the state charts of "Durable
 * operations", AWS Lambda Developer Guide.
 */
export function advance(before: Tracked | undefined, update: OperationUpdate, now: Date): Tracked {
  const { Type: type = '', Action: action = '' } = update;
  const status = before?.operation.Status ?? 'new';
  if (before !== undefined && before.operation.Type !== type)
    throw invalid(`Operation ${update.Id} is a ${before.operation.Type}, not a ${type}.`);
  if (!ALLOWED[type]?.[action]?.includes(status))
    throw invalid(`Invalid action ${action} for a ${type} operation that is ${status}.`);
  if (JSON.stringify(update.Error ?? null).length > ERROR_LIMIT)
    throw invalid(`Error object size must be less than ${ERROR_LIMIT} bytes.`);
  const operation = before?.operation ?? begin(update, now);
  if (action === 'START') return start({ ...before, operation }, update, now);
  if (action === 'RETRY') return { operation: retry(operation, update, now) };
  return { operation: finish(operation, update, now) };
}

function begin(update: OperationUpdate, now: Date): Operation {
  const { Id, ParentId, Name, Type, SubType } = update;
  return { Id, ParentId, Name, Type, SubType, StartTimestamp: now, Status: 'STARTED' };
}

function start(tracked: Tracked, update: OperationUpdate, now: Date): Tracked {
  const operation: Operation = { ...tracked.operation, Status: 'STARTED' };
  switch (update.Type) {
    case 'STEP':
      // The result stays: it is the state of a waitForCondition.
      return {
        operation: {
          ...operation,
          StepDetails: { ...operation.StepDetails, NextAttemptTimestamp: undefined },
        },
      };
    case 'WAIT':
      return {
        operation: {
          ...operation,
          WaitDetails: { ScheduledEndTimestamp: after(now, update.WaitOptions?.WaitSeconds) },
        },
      };
    case 'CONTEXT':
      return {
        operation: {
          ...operation,
          ContextDetails: { ReplayChildren: update.ContextOptions?.ReplayChildren },
        },
      };
    case 'CALLBACK':
      return startCallback(operation, update, now);
    default:
      return { operation };
  }
}

function startCallback(operation: Operation, update: OperationUpdate, now: Date): Tracked {
  const { TimeoutSeconds, HeartbeatTimeoutSeconds } = update.CallbackOptions ?? {};
  return {
    operation,
    timeoutAt: TimeoutSeconds ? after(now, TimeoutSeconds).getTime() : undefined,
    heartbeatSeconds: HeartbeatTimeoutSeconds,
    heartbeatAt: HeartbeatTimeoutSeconds ? after(now, HeartbeatTimeoutSeconds).getTime() : undefined,
  };
}

function retry(operation: Operation, update: OperationUpdate, now: Date): Operation {
  return {
    ...operation,
    Status: 'PENDING',
    StepDetails: {
      Attempt: (operation.StepDetails?.Attempt ?? 0) + 1,
      NextAttemptTimestamp: after(now, update.StepOptions?.NextAttemptDelaySeconds ?? 1),
      Result: update.Payload,
      Error: update.Error,
    },
  };
}

function finish(operation: Operation, update: OperationUpdate, now: Date): Operation {
  const Status = ({ SUCCEED: 'SUCCEEDED', FAIL: 'FAILED', CANCEL: 'CANCELLED' } as const)[
    String(update.Action)
  ];
  const over = { ...operation, Status, EndTimestamp: now };
  const details = { Result: update.Payload, Error: update.Error };
  if (update.Type === 'STEP')
    return { ...over, StepDetails: { ...details, Attempt: (operation.StepDetails?.Attempt ?? 0) + 1 } };
  if (update.Type !== 'CONTEXT') return over;
  const ReplayChildren = update.ContextOptions?.ReplayChildren ?? operation.ContextDetails?.ReplayChildren;
  return { ...over, ContextDetails: { ...details, ReplayChildren } };
}

const after = (now: Date, seconds = 0) => new Date(now.getTime() + seconds * 1000);

/** When time itself changes the operation, in milliseconds since 1970; undefined: never. */
export function dueAt({ operation, timeoutAt, heartbeatAt }: Tracked): number | undefined {
  if (operation.Status === 'PENDING') return operation.StepDetails?.NextAttemptTimestamp?.getTime();
  if (operation.Status !== 'STARTED') return undefined;
  if (operation.Type === 'WAIT') return operation.WaitDetails?.ScheduledEndTimestamp?.getTime();
  const ends = [timeoutAt, heartbeatAt].filter((end) => end !== undefined);
  return operation.Type === 'CALLBACK' && ends.length > 0 ? Math.min(...ends) : undefined;
}

/** What time makes of an operation whose time has come. */
export function elapse(tracked: Tracked, now: Date): Operation {
  const { operation } = tracked;
  if (operation.Type === 'STEP') return { ...operation, Status: 'READY' };
  if (operation.Type === 'WAIT') return { ...operation, Status: 'SUCCEEDED', EndTimestamp: now };
  const byHeartbeat = tracked.heartbeatAt !== undefined && tracked.heartbeatAt <= now.getTime();
  const ErrorMessage = byHeartbeat ? 'Callback timed out on heartbeat' : 'Callback timed out';
  return {
    ...operation,
    Status: 'TIMED_OUT',
    EndTimestamp: now,
    CallbackDetails: {
      ...operation.CallbackDetails,
      Error: { ErrorType: 'CallbackTimeoutError', ErrorMessage },
    },
  };
}

/** Whether the execution may rest because of this operation: something outside the handler will go on with it. */
export const isPending = ({ Type, Status }: Operation) =>
  Status === 'PENDING' ||
  (Status === 'STARTED' && (Type === 'WAIT' || Type === 'CALLBACK' || Type === 'CHAINED_INVOKE'));
