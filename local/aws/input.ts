import { AwsError } from './error.ts';

/** The parameters of a call as they came off the wire: nothing is known of them yet. */
export type Input = Readonly<Record<string, unknown>>;

/** A parameter that must be there, as a string that is not empty. */
export function required(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsError('InvalidParameterException', `${name} is required and must be a string`);
}

/** A parameter that may be missing, as a string. */
export function optional(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new AwsError('InvalidParameterException', `${name} must be a string`);
}

/** A parameter that is a list; missing is an empty one. */
export function list(input: Input, name: string): unknown[] {
  const value = input[name] ?? [];
  if (Array.isArray(value)) return value;
  throw new AwsError('InvalidParameterException', `${name} must be a list`);
}

/** A parameter that is a list of strings; missing is an empty one. */
export function strings(input: Input, name: string): string[] {
  return list(input, name).map((value) => {
    if (typeof value === 'string') return value;
    throw new AwsError('InvalidParameterException', `${name} must be a list of strings`);
  });
}

/** A value as an object, empty when it is none. */
export function object(value: unknown): Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Input) : {};
}
