import type { NetworkPolicy } from '../network/policy.ts';
import type { SandboxAbility } from '../sandbox/ability.ts';
import type { RunLimits } from '../sandbox/limits.ts';
import type { ProbedToolchain } from './go/toolchain.ts';
import type { BuildInput } from './input.ts';
import type { Finding } from './plan/finding.ts';
import type { StagePlan } from './plan/plan.ts';
import type { ProgressEvent } from './progress.ts';
import type { Privilege } from './run/privileges.ts';
import type { SandboxDisks } from './run/sandbox-step.ts';
import type { Confidential } from './run/secrets.ts';
import type { Background } from './stage/background.ts';
import type { Turns } from './stage/turns.ts';
import type { Bases } from './store/bases.ts';
import type { Hashes } from './store/hashes.ts';
import type { Times } from './store/times.ts';

/** What all stages of one build work with. */
export interface Shared extends BuildInput, Confidential {
  hashes: Hashes;
  bases: Bases;
  noCache: boolean;
  times: Times;
  /** Whose caches RUN writes; see cacheScope. */
  scope?: string;
  /** Keys of the steps that this build did itself, which it need not do again though it may not use older ones. */
  fresh: Set<string>;
  /** Commands take turns, so that no more of them run at a time than there are processors. */
  turns: Turns;
  /** Layers are made in it while the build goes on. */
  background: Background;
  /** This build's own directory, for stages that need their files on disk. */
  workspace: string;
  sandbox: SandboxAbility;
  disks: SandboxDisks;
  toolchain?: ProbedToolchain;
  /** What showed in earlier attempts at this build; the Dockerfile and the plans hold it already. */
  findings: readonly Finding[];
  /** What downloads may not connect to. */
  network: NetworkPolicy;
  /** What RUN may use at most, where it is not the usual. */
  limits?: Partial<RunLimits>;
  /** What the Dockerfile may ask for. */
  allow?: readonly Privilege[];
  /** Refuses a RUN that would have this machine's network. */
  requireIsolatedNetwork?: boolean;
  onProgress: (event: ProgressEvent) => void;
  signal?: AbortSignal;
}

/** A stage to build, with its plan. */
export interface StageInput {
  shared: Shared;
  plan: StagePlan;
}
