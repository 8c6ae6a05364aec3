import * as z from 'zod/mini';
import { FairleadError } from '../lib/errors.ts';
import { HOST_KINDS } from '../lib/host-kind.ts';

/** Environment variables by name. */
export type Variables = Record<string, string | undefined>;

// What variables may hold, as factories: a bundle then has only the schemas of its own function.
export const text = () => z.string().check(z.minLength(1));
export const url = () =>
  z.pipe(
    z.url({ protocol: /^https?$/ }),
    z.transform((value: string) => value.replace(/\/+$/, '')),
  );
export const count = () =>
  z.pipe(
    z.string().check(z.regex(/^\d{1,9}$/)),
    z.transform((value: string) => Number(value)),
  );

export function commaSeparated() {
  return z.pipe(
    z.string(),
    z.transform((value: string) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
  );
}

export function mirrors() {
  return z.pipe(json(), z.record(z.string(), z.string()));
}

/** A JSON object with something for each kind of git host, or for some. */
export function byHost<T extends z.ZodMiniType>(each: T) {
  return z.pipe(json(), z.partialRecord(z.enum(HOST_KINDS), each));
}

function json() {
  return z.pipe(
    z.string(),
    z.transform((value: string, context): unknown => {
      try {
        return JSON.parse(value);
      } catch {
        context.issues.push({ code: 'custom', message: 'is not JSON', input: value });
        return z.NEVER;
      }
    }),
  );
}

/** Reads `variables` by `schema`, or names every one that is wrong. An empty variable counts as one that is not set. */
export function check<T extends z.ZodMiniType>(schema: T, variables: Variables): z.output<T> {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return set[name] === undefined ? `${name} is not set` : `${name}: ${message}`;
  });
  throw new FairleadError({
    code: 'env/invalid-variable',
    operation: "reading the function's environment variables",
    cause: faults.join('; '),
    remedy: 'set them in the configuration of the function',
  });
}
