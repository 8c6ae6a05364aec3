import type { RunInstruction } from '../../dockerfile/types.ts';
import { BuildFailure, excerpt } from '../failure.ts';
import type { Shared } from '../shared.ts';

/** Bytes of one argument or variable of a program, with the zero byte at its end (Linux, MAX_ARG_STRLEN: 32 pages). */
const LONGEST_ARGUMENT = 32 * 4096;

/** Throws BuildFailure `build/limit` for a RUN with a text that Linux hands to no program. */
export function refuseTooLong(
  { line, endLine }: RunInstruction,
  argv: readonly string[],
  env: ReadonlyMap<string, string>,
  { dockerfile }: Pick<Shared, 'dockerfile'>,
): void {
  const isTooLong = (text: string) => Buffer.byteLength(text) >= LONGEST_ARGUMENT;
  const variable = [...env].find(([name, value]) => isTooLong(`${name}=${value}`))?.[0];
  const text = argv.find(isTooLong);
  if (variable === undefined && text === undefined) return;
  const what = variable === undefined ? 'the command' : `the variable ${variable}`;
  const length = Buffer.byteLength(text ?? `${variable}=${env.get(variable as string)}`);
  const { name, lines } = dockerfile;
  const fault = {
    code: 'build/limit',
    operation: 'building the image',
    place: `${name}:${line}`,
    cause: `${what} is ${length} bytes of text, and Linux hands a program ${LONGEST_ARGUMENT - 1} in one piece`,
    remedy: 'put the text into a file that is copied in, or into several RUNs',
  };
  throw new BuildFailure(fault, line, excerpt(lines, line, Math.min(endLine ?? line, line + 3)));
}
