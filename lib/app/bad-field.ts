import { FairleadError } from '../errors.ts';

/** What is wrong with a field only together with others, or with the image. `field` is its path: `scale.min`. */
export function badField(field: string, cause: string, remedy: string): FairleadError {
  return new FairleadError({
    code: 'app/bad-file',
    operation: 'reading fairlead.yaml',
    place: `fairlead.yaml: ${field}`,
    cause,
    remedy,
  });
}
