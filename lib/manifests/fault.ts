import { FairleadError } from '../errors.ts';

/** What is wrong with manifests is for the app's developers: one line with its place, and what to do. */
export function fault(what: string, place: string, cause: string, remedy?: string): FairleadError {
  return new FairleadError({
    code: `manifests/${what}`,
    operation: 'reading the manifests',
    place,
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
