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

/** Which stage each one begins with, as far as that can be told without the values of variables. */
export function baseStages({ stages }: Dockerfile): (Stage | undefined)[] {
  const named = new Map<string, Stage>();
  return stages.map((stage) => {
    const base = named.get(stage.from.image.toLowerCase());
    if (stage.name !== undefined) named.set(stage.name, stage);
    return base;
  });
}

/** The stages that a stage stands on, itself last. */
export function chainOf(stage: Stage, bases: readonly (Stage | undefined)[]): Stage[] {
  const chain: Stage[] = [];
  for (let at: Stage | undefined = stage; at !== undefined; at = bases[at.index]) chain.push(at);
  return chain.reverse();
}

/** Whether `test` holds for an instruction of one of the stages. */
export function some(stages: readonly Stage[], test: (instruction: Instruction) => boolean): boolean {
  return stages.some(({ instructions }) => instructions.some(test));
}
