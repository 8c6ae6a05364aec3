import type { Able } from '../../sandbox/ability.ts';
import type { SandboxRoot } from '../../sandbox/run.ts';
import type { Bases } from '../store/bases.ts';
import type { Store } from '../store/store.ts';
import type { Change, Tree } from '../tree.ts';
import { OverlayDisk } from './overlay-disk.ts';
import { PlainDisk } from './plain-disk.ts';

/** The stage as the sandbox's disk sees it. */
export interface SandboxStage {
  tree: Tree;
  /** The index of the base image's files alone. */
  base: Tree;
  /** Names the base. */
  baseKey: string;
  /** All that was changed on top of the base, in order. */
  changes: readonly Change[];
  /** How many changes there were after each RUN. */
  ends: readonly number[];
}

/** A stage's root for commands in the sandbox. */
export interface SandboxDisk {
  /** Where everything of it is; `staging` in it is an empty directory when a command is to run. */
  readonly directory: string;
  /** Makes the root what the stage's tree says. */
  prepare(stage: SandboxStage): Promise<SandboxRoot>;
  /** What the command changed, its bytes kept in the store; to be called once after it. */
  changes(tree: Tree, mtime: number): Promise<Change[]>;
  /** Gives the disk space back; what the build needs of it is in the store. */
  remove(): void;
}

/** What a disk needs to work. */
export interface DiskTools {
  directory: string;
  store: Store;
  bases: Bases;
  ability: Able;
  signal?: AbortSignal;
}

/** With overlay, commands work on what is above the base; without, on a copy of all of it. */
export function openSandboxDisk(tools: DiskTools): SandboxDisk {
  return tools.ability.overlay === 'none' ? new PlainDisk(tools) : new OverlayDisk(tools);
}
