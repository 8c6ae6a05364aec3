import { BuildFailure } from '../build/failure.ts';
import { FairleadError } from '../errors.ts';
import type { EndedAnswer } from './types.ts';

/**
 * The error of a build that needs more than a MicroVM has: another engine may have that. It tells the line of the
 * Dockerfile where one `failed`.
 */
export function tooMuch(
  { message, failed }: { message: string; failed?: EndedAnswer & { outcome: 'failed' } },
  lacking: 'disk' | 'memory' | 'time',
): FairleadError {
  const fault = {
    code: 'engine/exhausted',
    operation: 'building the image in a MicroVM',
    cause: `a MicroVM has too little ${lacking} for it: ${message}`,
    remedy: 'let the Dockerfile need less, or install CodeBuild for what a MicroVM is too small for',
  };
  if (failed?.line === undefined) return new FairleadError(fault);
  return new BuildFailure(fault, failed.line, failed.details);
}
