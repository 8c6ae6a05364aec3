import type { SandboxAbility } from '../sandbox/ability.ts';
import type { Bases } from './bases.ts';
import type { ProbedToolchain } from './go/toolchain.ts';
import type { Hashes } from './hashes.ts';
import type { BuildInput } from './input.ts';
import type { StagePlan } from './plan.ts';
import type { ProgressEvent } from './progress.ts';
import type { SandboxDisks } from './sandbox-step.ts';

/** What all stages of one build work with. */
export interface Shared extends BuildInput {
  hashes: Hashes;
  bases: Bases;
  noCache: boolean;
  /** This build's own directory, for stages that need their files on disk. */
  workspace: string;
  sandbox: SandboxAbility;
  disks: SandboxDisks;
  toolchain?: ProbedToolchain;
  onProgress: (event: ProgressEvent) => void;
  signal?: AbortSignal;
}

/** A stage to build, with its plan. */
export interface StageInput {
  shared: Shared;
  plan: StagePlan;
}
