import type { RunInstruction } from '../../dockerfile/types.ts';
import { BuildFailure, excerpt } from '../failure.ts';
import type { Shared } from '../shared.ts';
import { meaningOf } from './exit-code.ts';
import { adviceFor } from './run-advice.ts';

/** Lines of a failed command's output that the error repeats. */
const REPEATED_LINES = 30;

/** Collects a command's last lines while they are passed on. */
export class Output {
  readonly #last: string[] = [];
  readonly #shared: Shared;
  readonly #line: number;
  readonly #mask: (line: string) => string;

  /** `mask` takes out of a line what nobody is to see. */
  constructor(shared: Shared, line: number, mask: (line: string) => string = (text) => text) {
    this.#shared = shared;
    this.#line = line;
    this.#mask = mask;
  }

  add = (said: string): void => {
    const text = this.#mask(said);
    this.#last.push(text);
    if (this.#last.length > REPEATED_LINES) this.#last.shift();
    this.#shared.onProgress({ type: 'output', line: this.#line, text });
  };

  get last(): readonly string[] {
    return this.#last;
  }
}

/** A RUN that ended with an exit code other than 0. The reason is the compiler's first complaint where there is one. */
export function runFailed(
  instruction: RunInstruction,
  code: number,
  output: Output,
  shared: Shared,
  hint?: string,
): BuildFailure {
  const { line, endLine } = instruction;
  const { name, lines } = shared.dockerfile;
  const complaint = output.last.find((text) => /^\S+\.go:\d+(:\d+)?: /.test(text)) ?? lastWords(output.last);
  const said = complaint === undefined ? '' : `: ${complaint.trim()}`;
  const known = meaningOf(code, output.last);
  const meaning = known === undefined ? '' : ` (${known})`;
  const details = [...output.last, '', `${name}:${line}`, excerpt(lines, line, endLine)].join('\n').trim();
  const remedy = hint ?? adviceFor(instruction, shared.secrets);
  const fault = {
    code: 'build/run-failed',
    operation: 'building the image',
    place: `${name}:${line}`,
    cause: `the command ended with exit code ${code}${meaning}${said}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
  return new BuildFailure(fault, line, details);
}

function lastWords(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** A RUN for which there is no engine here. */
export function cannotRun(
  instruction: { line: number; endLine?: number },
  why: string,
  shared: Shared,
  sandbox: string,
) {
  const { name, lines } = shared.dockerfile;
  const { line, endLine } = instruction;
  const fault = {
    code: 'build/no-engine',
    operation: 'building the image',
    place: `${name}:${line}`,
    cause: `this line cannot be run without a sandbox: ${why}; and there is none here: ${sandbox}`,
    remedy: 'build as root or where user namespaces are allowed, or keep to plain go commands',
  };
  return new BuildFailure(fault, line, excerpt(lines, line, endLine));
}
