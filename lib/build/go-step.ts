import { join } from 'node:path';
import type { RunInstruction } from '../dockerfile/types.ts';
import { DEFAULT_SHELL, within } from './config.ts';
import { Disk } from './disk.ts';
import { fetchFiles } from './fetch.ts';
import { classify } from './go/classify.ts';
import type { GoDirectories } from './go/environment.ts';
import { runGoScript } from './go/run.ts';
import { NotPlain } from './go/shell.ts';
import type { ProbedToolchain } from './go/toolchain.ts';
import { stampBuildId } from './go/toolexec.ts';
import { markUsed } from './prune.ts';
import { runKey } from './run-key.ts';
import { asNeed, Output, runFailed } from './run-step.ts';
import type { StageInput } from './shared.ts';
import type { StageState } from './stage-state.ts';
import type { Change } from './tree.ts';

/** Raise when the same RUN would leave other files than before, so that older records do not count. */
const REVISION = 1;

/** The key of a RUN in the function engine: whatever its result depends on. */
export function goKey(
  instruction: RunInstruction,
  state: StageState,
  toolchain: ProbedToolchain,
  epoch: number,
): string {
  return runKey(instruction, state, ['go', REVISION, toolchain.name], epoch);
}

/** Runs a RUN of plain go commands, and answers what it changed. Throws BuildFailure. */
export async function goStep(
  instruction: RunInstruction,
  state: StageState,
  { shared, plan }: StageInput,
): Promise<Change[]> {
  const { store, toolchain, signal } = shared;
  const classified = classify(instruction.command, state.config.Shell ?? DEFAULT_SHELL);
  const directories = directoriesOf(join(shared.workspace, `stage-${plan.stage.index}`), shared);
  const disk = new Disk(directories.root, store);
  const output = new Output(shared, instruction.line);
  await fetchFiles(
    [...state.tree.below('')].map(([, node]) => node),
    store,
    signal,
  );
  await disk.put(state.tree);
  await store.shared?.folders();
  markUsed(shared.workspace);
  try {
    if (!classified.plain) throw new NotPlain(classified.why);
    if (toolchain === undefined) throw new NotPlain('there is no Go toolchain here');
    const code = await runGoScript({
      commands: classified.commands,
      toolchain,
      directories,
      environment: state.runEnvironment,
      workdir: state.config.WorkingDir || '/',
      architecture: state.platform.architecture,
      onOutput: output.add,
      ...(signal === undefined ? {} : { signal }),
    });
    if (code !== 0) throw runFailed(instruction, code, output, shared);
    const changes = await disk.changes(state.tree, { uid: 0, gid: 0 }, shared.epoch, stampBuildId);
    return changes.filter(({ path }) => !isInCache(path, instruction, state));
  } catch (error) {
    throw asNeed(error, instruction);
  } finally {
    disk.save();
  }
}

// What is in a cache mount is not in the image. Go's caches, what it mostly is for, are ours anyway.
function isInCache(path: string, { mounts, line }: RunInstruction, state: StageState): boolean {
  const caches = mounts.filter((mount) => mount.type === 'cache');
  const targets = caches.map(({ target }) => within(state.config.WorkingDir, state.expand(target, line)));
  return targets.some((target) => `/${path}` === target || `/${path}`.startsWith(`${target}/`));
}

function directoriesOf(root: string, { store }: StageInput['shared']): GoDirectories {
  return {
    root,
    buildCache: store.path('go', 'build'),
    moduleCache: store.path('go', 'mod'),
    temporary: `${root}.tmp`,
    home: `${root}.home`,
  };
}
