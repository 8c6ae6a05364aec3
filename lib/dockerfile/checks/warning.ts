import type { SourceFile } from '../source.ts';
import type { Dockerfile, Instruction, Stage } from '../types.ts';

/** Something in a Dockerfile that works, and is probably not meant. */
export interface Warning {
  /** As BuildKit calls the check (docs.docker.com, "Build checks"), so that `# check=skip=` means the same. */
  rule: string;
  line: number;
  /** For people, without the place. */
  message: string;
}

export type Check = (dockerfile: Dockerfile, source: SourceFile) => Warning[];

/** The stage that this one begins with, as far as that can be told without the values of variables. */
export function baseStage({ from, index }: Stage, { stages }: Dockerfile): Stage | undefined {
  return stages.slice(0, index).find(({ name }) => name === from.image.toLowerCase());
}

/** Whether `test` holds for an instruction of this stage or of one that it stands on. */
export function someBelow(
  stage: Stage,
  dockerfile: Dockerfile,
  test: (instruction: Instruction) => boolean,
): boolean {
  for (let at: Stage | undefined = stage; at !== undefined; at = baseStage(at, dockerfile))
    if (at.instructions.some(test)) return true;
  return false;
}
