import { BuildFailure } from '../build/failure.ts';
import type { FairleadError } from '../errors.ts';
import type { EndedAnswer } from './types.ts';

/**
 * Codes of faults that another commit, and nothing else, gets rid of. A registry's are not among them: a base image
 * that is not there today may be pushed, or allowed, tomorrow. Nor is a program that the builder lacks.
 */
const COMMIT_FAULT =
  /^(dockerfile|build|image|app)\/|^manifests\/(?!no-tool$)|^source\/(unsafe-archive|too-large)$/;

/** The answer that a fault comes to which another try does not heal. */
export function failedAnswer(error: FairleadError): EndedAnswer & { outcome: 'failed' } {
  const { place, cause, remedy } = error.fault;
  const reason = [`${place === undefined ? '' : `${place}: `}${cause}`, remedy]
    .filter((part) => part !== undefined)
    .join('; ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const { details = '', line } = error instanceof BuildFailure ? error : {};
  const blame = COMMIT_FAULT.test(error.code) ? 'commit' : 'elsewhere';
  return { outcome: 'failed', blame, reason, details, ...(line === undefined ? {} : { line }) };
}
