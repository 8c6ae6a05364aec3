import type { Dockerfile } from '../dockerfile/types.ts';
import type { SandboxAbility } from '../sandbox/ability.ts';
import type { Bases } from './bases.ts';
import type { ProbedToolchain } from './go/toolchain.ts';
import type { Hashes } from './hashes.ts';
import type { StagePlan } from './plan.ts';
import type { ProgressEvent } from './progress.ts';
import type { SandboxDisks } from './sandbox-step.ts';
import type { BuildArgs } from './scope.ts';
import type { Store } from './store.ts';
import type { Tree } from './tree.ts';

/** What all stages of one build work with. */
export interface Shared {
  dockerfile: Dockerfile;
  /** The build context, as far as .dockerignore lets it in. */
  context: Tree;
  hashes: Hashes;
  store: Store;
  bases: Bases;
  args: BuildArgs;
  /** The values of the ARGs before the first FROM. */
  globals: ReadonlyMap<string, string>;
  /** The time of everything that is made, in seconds since 1970: SOURCE_DATE_EPOCH, else 0. */
  epoch: number;
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
