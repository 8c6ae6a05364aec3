import { type DurableContext, InvokeError, type RetryDecision } from '@aws/durable-execution-sdk-js';
import { FairleadError } from '../../lib/errors.ts';

/** Seconds before each further try of a step; the clients of the services try again by themselves before that. */
const STEP_DELAYS = [1, 2, 5, 15, 30];

/**
 * How Lambda says that all invocations of a function are taken ("Invoke", TooManyRequestsException); the SDK hands on
 * the sentence alone. That a chained invocation is refused so, and does not wait by itself, is not documented.
 */
const NO_ROOM = 'Rate Exceeded.';

/** What an execution has used up of what it may: durable operations, and bytes written to its history. */
export interface Spent {
  operations: number;
  bytes: number;
}

// Counted by what has been asked for, so a replay comes to the same.
const spending = new WeakMap<DurableContext, Spent>();

export function spentOf(context: DurableContext): Readonly<Spent> {
  return spending.get(context) ?? { operations: 0, bytes: 0 };
}

function spend(context: DurableContext, ...written: unknown[]): void {
  const { operations, bytes } = spentOf(context);
  const more = written.reduce((sum: number, value) => sum + (JSON.stringify(value)?.length ?? 0), 0);
  spending.set(context, { operations: operations + 1, bytes: bytes + more });
}

/** A durable step that is tried again, but not after what trying does not heal. */
export async function step<R>(context: DurableContext, name: string, take: () => Promise<R>): Promise<R> {
  const result = await context.step(name, take, { retryStrategy: again });
  spend(context, result);
  return result;
}

/** Sleeps, at no cost. */
export async function pause(context: DurableContext, name: string, seconds: number): Promise<void> {
  await context.wait(name, { seconds });
  spend(context);
}

function again(error: Error, attempt: number): RetryDecision {
  const seconds = STEP_DELAYS[attempt - 1];
  const lasting = error instanceof FairleadError && !error.temporary;
  return seconds === undefined || lasting
    ? { shouldRetry: false }
    : { shouldRetry: true, delay: { seconds } };
}

export interface Call<Q> {
  name: string;
  /** The function, with a version or alias. */
  target: string;
  request: Q;
  delays: readonly number[];
  /**
   * Seconds before each further try where the function has no room, which is no fault of its own: the first ones that are
   * left, which are taken away. None where it is absent.
   */
  room?: number[];
}

/**
 * Invokes a function, and again, `delays` seconds later, when it threw, timed out or could not be started. `between`
 * comes before each further try: it answers why there should be none, if there is a reason.
 */
export async function invoke<Q, A, R>(
  context: DurableContext,
  { name, target, request, delays, room = [] }: Call<Q>,
  between: (fault: string) => Promise<R | undefined>,
): Promise<{ is: 'answered'; answer: A } | { is: 'stopped'; reason: R }> {
  const left = [...delays];
  for (;;) {
    try {
      const answer = await context.invoke<Q, A>(name, target, request);
      spend(context, request, answer);
      return { is: 'answered', answer };
    } catch (error) {
      spend(context, request);
      if (!(error instanceof InvokeError)) throw error;
      const seconds = (error.message === NO_ROOM ? room.shift() : undefined) ?? left.shift();
      if (seconds === undefined) throw error;
      await pause(context, `before trying to ${name} again`, seconds);
      const reason = await between(error.message);
      if (reason !== undefined) return { is: 'stopped', reason };
    }
  }
}
