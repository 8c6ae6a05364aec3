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
  const last = Math.min(lines.length, endLine + AROUND);
  const width = String(last).length;
  const shown = [];
  for (let number = first; number <= last; number++) {
    const mark = number >= line && number <= endLine ? '>>>' : '   ';
    shown.push(`${String(number).padStart(width)} | ${mark} ${lines[number - 1] ?? ''}`.trimEnd());
  }
  return shown.join('\n');
}
