import { type DurableContext, InvokeError, type RetryDecision } from '@aws/durable-execution-sdk-js';
import { FairleadError } from '../../lib/errors.ts';

/** Seconds before each further try of a step; the clients of the services try again by themselves before that. */
const STEP_DELAYS = [1, 2, 5, 15, 30];
/** A durable step that is tried again, but not after what trying does not heal. */
export async function step<R>(context: DurableContext, name: string, take: () => Promise<R>): Promise<R> {
  return await context.step(name, take, { retryStrategy: again });
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
}

/**
 * Invokes a function, and again, `delays` seconds later, when it threw, timed out or could not be started. `between`
 * comes before each further try: it answers why there should be none, if there is a reason.
 */
export async function invoke<Q, A, R>(
  context: DurableContext,
  { name, target, request, delays }: Call<Q>,
  between: (fault: string) => Promise<R | undefined>,
): Promise<{ is: 'answered'; answer: A } | { is: 'stopped'; reason: R }> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { is: 'answered', answer: await context.invoke<Q, A>(name, target, request) };
    } catch (error) {
      const seconds = delays[attempt];
      if (!(error instanceof InvokeError) || seconds === undefined) throw error;
      await context.wait(`before trying to ${name} again`, { seconds });
      const reason = await between(error.message);
      if (reason !== undefined) return { is: 'stopped', reason };
    }
  }
}
