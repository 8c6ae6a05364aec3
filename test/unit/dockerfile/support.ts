import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';
import type { Instruction } from '../../../lib/dockerfile/types.ts';

/** The instruction at line 2, behind a FROM. */
export function instructionOf(text: string): Instruction {
  const [instruction] = parseDockerfile(`FROM base\n${text}`).stages[0]?.instructions ?? [];
  if (instruction === undefined) throw new Error('no instruction');
  return instruction;
}
