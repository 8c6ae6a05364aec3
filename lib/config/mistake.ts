import { FairleadError } from '../errors.ts';

/** One thing that is wrong in a configuration. */
export interface Mistake {
  /** As it would be written in code: `apps[1].previews.of`; empty for the whole. */
  field: string;
  /** What is wrong and what may stand there; goes on after the field. */
  message: string;
}

/** `apps[1].previews.of` */
export function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) =>
      typeof key === 'number'
        ? `[${key}]`
        : /^[\w$]+$/.test(String(key))
          ? `.${String(key)}`
          : `['${String(key)}']`,
    )
    .join('')
    .replace(/^\./, '');
}

/** One error for all that is wrong in `file`. */
export function badConfig(file: string, [first, ...others]: readonly Mistake[]): FairleadError {
  const rest = others.map(({ field, message }) => `; ${field}: ${message}`).join('');
  return new FairleadError({
    code: 'config/invalid',
    operation: 'reading the configuration',
    place: first?.field ? `${file}: ${first.field}` : file,
    cause: `${first?.message}${rest}`,
  });
}
