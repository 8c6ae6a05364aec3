import { BuildFailure } from '../../../build/failure.ts';
import { limitReached } from '../../../build/run/limits.ts';
import { FairleadError, messageOf } from '../../../errors.ts';
import { failedAnswer } from '../../failed-answer.ts';
import type { Ending, Exhausted } from '../protocol.ts';

/** What a build that threw comes to: an answer where another try would end the same way, else a fault. */
export function faultOf(error: unknown): Ending {
  const exhausted = exhaustion(error);
  if (exhausted !== undefined) {
    if (!(error instanceof BuildFailure)) return { fault: { message: messageOf(error), exhausted } };
    const { place = 'Dockerfile', cause } = error.fault;
    return { fault: { message: `${place}: ${cause}`, exhausted, failed: failedAnswer(error) } };
  }
  if (error instanceof FairleadError && !error.temporary) return { answer: failedAnswer(error) };
  return { fault: { message: messageOf(error) } };
}

/** What the machine had none left of, wherever in the chain of causes that is told. */
function exhaustion(error: unknown): Exhausted | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // errno(3).
    if (code === 'ENOSPC' || code === 'EDQUOT') return 'disk';
    if (code === 'ENOMEM') return 'memory';
    const limit = limitReached(cause);
    if (limit === 'diskBytes') return 'disk';
    if (limit === 'memoryBytes') return 'memory';
  }
  return error instanceof BuildFailure && error.code === 'build/run-failed'
    ? exhaustionSaid(error)
    : undefined;
}

/** A command tells what it lacked in its own words; of one that the kernel killed, its parent does (exit code 137, too). */
function exhaustionSaid({ fault, details }: BuildFailure): Exhausted | undefined {
  if (/no space left on device|\bENOSPC\b|disk quota exceeded/i.test(details)) return 'disk';
  const words = /cannot allocate memory|\bENOMEM\b|killed signal terminated program|\bsignal: killed\b/i;
  return words.test(details) || /exit code 137\b/.test(fault.cause) ? 'memory' : undefined;
}
