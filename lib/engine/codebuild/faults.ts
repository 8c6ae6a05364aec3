import { FairleadError, messageOf } from '../../errors.ts';

/** What AWS says when there is no room, or no project: another engine may do. */
const UNAVAILABLE = /^(AccountLimitExceeded|ResourceNotFound|AccountSuspended|OAuthProvider)/;
const TEMPORARY = /^(Throttling|TooManyRequests|ServiceUnavailable|Internal|RequestTimeout|TimeoutError)/;

/** Runs `work`; what AWS throws in it becomes a fault of `operation`. */
export async function faultOf<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FairleadError || isAbort(error)) throw error;
    throw asFault(operation, error);
  }
}

/** @returns `engine/unavailable` or `engine/codebuild` */
export function asFault(operation: string, error: unknown): FairleadError {
  const { name = '', $metadata } = (error ?? {}) as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (UNAVAILABLE.test(name)) {
    return new FairleadError(
      { code: 'engine/unavailable', operation, cause: messageOf(error) },
      { cause: error },
    );
  }
  return new FairleadError(
    {
      code: 'engine/codebuild',
      operation,
      cause: messageOf(error),
      // No status: the network broke before there was an answer.
      temporary: TEMPORARY.test(name) || (error instanceof Error && (status === undefined || status >= 500)),
    },
    { cause: error },
  );
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
