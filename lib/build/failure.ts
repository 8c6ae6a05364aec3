import type { Dockerfile } from '../dockerfile/types.ts';
import { FairleadError, type Fault } from '../errors.ts';

/**
 * A build that failed at a line of the Dockerfile. `details` are several lines for people: the Dockerfile around the
 * line, and the last output of the command.
 */
export class BuildFailure extends FairleadError {
  readonly details: string;
  readonly line: number;

  constructor(fault: Fault, line: number, details: string, options?: ErrorOptions) {
    super(fault, options);
    this.name = 'BuildFailure';
    this.details = details;
    this.line = line;
  }
}

const AROUND = 2;

/** The Dockerfile around an instruction, its own lines marked, as BuildKit shows them. */
export function excerpt(lines: readonly string[], line: number, endLine = line): string {
  const first = Math.max(1, line - AROUND);
  let last = Math.min(lines.length, endLine + AROUND);
  while (last > endLine && lines[last - 1]?.trim() === '') last--;
  const width = String(last).length;
  const shown = [];
  for (let number = first; number <= last; number++) {
    const mark = number >= line && number <= endLine ? '>>>' : '   ';
    shown.push(`${String(number).padStart(width)} | ${mark} ${lines[number - 1] ?? ''}`.trimEnd());
  }
  return shown.join('\n');
}

/** What is shown of a Dockerfile. */
type Shown = Pick<Dockerfile, 'name' | 'lines'>;

/** An error that tells a line of the Dockerfile, with the lines around it; any other as it is. */
export function atLine(error: unknown, { name, lines }: Shown): unknown {
  if (!(error instanceof FairleadError) || error instanceof BuildFailure) return error;
  const { place } = error.fault;
  const line = place?.startsWith(`${name}:`) ? Number(place.slice(name.length + 1)) : Number.NaN;
  if (!Number.isInteger(line)) return error;
  return new BuildFailure(error.fault, line, excerpt(lines, line), { cause: error });
}

/**
 * An error that a whole instruction ended with, as a failure of its line. Of what tells no place in the Dockerfile yet, a
 * registry's say, the cause keeps the place that it told.
 */
export function atInstruction(
  error: unknown,
  { line, endLine }: { line: number; endLine: number },
  { name, lines }: Shown,
  remedy?: string,
): unknown {
  if (!(error instanceof FairleadError) || error instanceof BuildFailure) return error;
  const { place, cause, ...fault } = error.fault;
  const isHere = place?.startsWith(`${name}:`) === true;
  const told = isHere || place === undefined ? cause : `${cause} (${place})`;
  const advice = remedy ?? fault.remedy;
  const placed = { ...fault, place: `${name}:${line}`, cause: told };
  const complete = advice === undefined ? placed : { ...placed, remedy: advice };
  return new BuildFailure(complete, line, excerpt(lines, line, endLine), { cause: error });
}
