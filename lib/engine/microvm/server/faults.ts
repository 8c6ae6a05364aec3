import { FairleadError, messageOf } from '../../../errors.ts';
import { failedAnswer } from '../../failed-answer.ts';
import type { Ending } from '../protocol.ts';

/** What a build that threw comes to: an answer where another try would end the same way, else a fault. */
export function faultOf(error: unknown): Ending {
  const exhausted = exhaustion(error);
  if (exhausted !== undefined) return { fault: { message: messageOf(error), exhausted } };
  if (error instanceof FairleadError && !error.temporary) return { answer: failedAnswer(error) };
  return { fault: { message: messageOf(error) } };
}

/** What the machine had none left of, by the codes of errno(3), wherever in the chain of causes they are. */
function exhaustion(error: unknown): 'disk' | 'memory' | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk';
    if (code === 'ENOMEM') return 'memory';
  }
  return undefined;
}
