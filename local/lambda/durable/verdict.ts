import type { FunctionError, Outcome } from '../types.ts';
import type { Ending, ErrorObject } from './types.ts';

/** What an invocation of a durable function means for its execution. */
export type Verdict =
  | { kind: 'ended'; ending: Ending }
  /** The function waits for something outside of it. */
  | { kind: 'pending' }
  /** The invocation failed, not the execution: it is tried again after `delayMs`. */
  | { kind: 'again'; delayMs: number; error: ErrorObject };

const AT_ONCE = 3;
const LONGEST_MS = 5 * 60_000;

/**
 * Judges the outcome of an invocation; `failures` have gone before it without a success in between. Errors of the
 * runtime (a crash) are tried again at once three times, others, and time-outs, with growing delays.
 * Source: "Error handling" in the durable execution SDK specification 1.2, section 8.1.
 */
export function judge(outcome: Outcome, failures: number): Verdict {
  if (outcome.ok) return judgeAnswer(outcome.payload);
  const { errorType } = outcome;
  const isRuntime = /^(Runtime|Sandbox|Extension)\./.test(errorType) && errorType !== 'Sandbox.Timedout';
  const delayMs = isRuntime && failures < AT_ONCE ? 0 : Math.min(1000 * 2 ** failures, LONGEST_MS);
  return { kind: 'again', delayMs, error: errorObject(outcome.payload) };
}

function judgeAnswer(payload: Buffer): Verdict {
  const answer = (JSON.parse(payload.toString('utf8')) ?? {}) as {
    Status?: unknown;
    Result?: string;
    Error?: ErrorObject;
  };
  if (answer.Status === 'PENDING') return { kind: 'pending' };
  if (answer.Status === 'SUCCEEDED')
    return { kind: 'ended', ending: { status: 'SUCCEEDED', result: answer.Result } };
  if (answer.Status === 'FAILED')
    return { kind: 'ended', ending: { status: 'FAILED', error: answer.Error ?? {} } };
  return { kind: 'ended', ending: failed('Runtime.InvalidOutput', 'Invalid Status in invocation output.') };
}

export const failed = (ErrorType: string, ErrorMessage: string): Ending => ({
  status: 'FAILED',
  error: { ErrorType, ErrorMessage },
});

/** A function's error as the durable API shows it. */
function errorObject(payload: Buffer): ErrorObject {
  const { errorType, errorMessage, trace } = JSON.parse(payload.toString('utf8')) as Partial<FunctionError>;
  return { ErrorType: errorType, ErrorMessage: errorMessage, StackTrace: trace };
}

/** How a chained invocation of a plain function ended. */
export function endingOf(outcome: Outcome): Ending {
  if (outcome.ok) return { status: 'SUCCEEDED', result: outcome.payload.toString('utf8') };
  const status = outcome.errorType === 'Sandbox.Timedout' ? 'TIMED_OUT' : 'FAILED';
  return { status, error: errorObject(outcome.payload) };
}
