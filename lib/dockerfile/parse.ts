import { fault } from './faults.ts';
import { readInstruction } from './instructions.ts';
import { readSource, type SourceFile } from './source.ts';
import type { ArgInstruction, Dockerfile, FromInstruction, Instruction, Stage } from './types.ts';

/**
 * Parses a Dockerfile as BuildKit does (Dockerfile reference, and `frontend/dockerfile/parser` where the reference is
 * silent). Variables are left for `expand`, since their values come from the base image and the build args.
 *
 * Throws FairleadError `dockerfile/…`, placed at `name:LINE`: what is wrong is told with what was meant, and what
 * is not supported yet is refused by name.
 */
export function parseDockerfile(text: string, name = 'Dockerfile'): Dockerfile {
  const source = readSource(text, name);
  const globals: ArgInstruction[] = [];
  const stages: Stage[] = [];
  for (const instruction of source.instructions) {
    const read = readInstruction(instruction, source.escapeChar, name);
    if (read.keyword === 'FROM') stages.push(begin(read, stages, name));
    else add(read, stages.at(-1), globals, source);
  }
  if (stages.length === 0) {
    throw fault(
      { file: name, line: 1 },
      'no-stage',
      'the Dockerfile has no FROM',
      'begin it with FROM image',
    );
  }
  return { name, escapeChar: source.escapeChar, globals, stages, lines: source.lines };
}

/** More than anyone writes; with each of them looking at all the others, there has to be an end. */
const MOST_STAGES = 500;

function begin(from: FromInstruction, stages: Stage[], file: string): Stage {
  const { as, line } = from;
  if (stages.length === MOST_STAGES) {
    throw fault({ file, line }, 'too-many-stages', `this is stage ${MOST_STAGES + 1}`, 'write fewer stages');
  }
  if (as === undefined) return { index: stages.length, from, instructions: [] };
  if (as === 'scratch' || as === 'context') {
    throw fault({ file, line }, 'bad-argument', `a stage cannot be called ${as}`, 'give it another name');
  }
  const other = stages.find((stage) => stage.name === as);
  if (other !== undefined) {
    throw fault(
      { file, line },
      'duplicate-stage',
      `the stage of line ${other.from.line} is called ${as} already`,
    );
  }
  return { index: stages.length, name: as, from, instructions: [] };
}

function add(
  instruction: Instruction,
  stage: Stage | undefined,
  globals: ArgInstruction[],
  { name: file }: SourceFile,
): void {
  if (stage !== undefined) stage.instructions.push(instruction);
  else if (instruction.keyword === 'ARG') globals.push(instruction);
  else {
    const { keyword, line } = instruction;
    throw fault(
      { file, line },
      'before-from',
      `${keyword} stands before the first FROM`,
      'put a FROM above it',
    );
  }
}
