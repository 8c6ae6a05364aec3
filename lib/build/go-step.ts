import { join } from 'node:path';
import type { RunInstruction } from '../dockerfile/types.ts';
import { DEFAULT_SHELL } from './config.ts';
import { Disk } from './disk.ts';
import { fetchFiles } from './fetch.ts';
import { PlanChanged } from './finding.ts';
import { classify } from './go/classify.ts';
import type { GoDirectories } from './go/environment.ts';
import { runGoScript } from './go/run.ts';
import { NotPlain } from './go/shell.ts';
import type { ProbedToolchain } from './go/toolchain.ts';
import { stampBuildId } from './go/toolexec.ts';
import { inLimits, limitsOf, withTimeout } from './limits.ts';
import { isMounted, isReadOnly, mountTargets, withMounted } from './mounts/in-tree.ts';
import type { MountSource } from './mounts/sources.ts';
import { markUsed } from './prune.ts';
import { runKey } from './run-key.ts';
import { Output, runFailed } from './run-step.ts';
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
  sources: readonly MountSource[],
): string {
  const mounted = sources.map(({ identity }) => identity);
  return runKey(instruction, state, ['go', REVISION, toolchain.name], epoch, mounted);
}

/** Runs a RUN of plain go commands, and answers what it changed. Throws BuildFailure, PlanChanged. */
export async function goStep(
  instruction: RunInstruction,
  state: StageState,
  { shared, plan }: StageInput,
  sources: readonly MountSource[],
): Promise<Change[]> {
  const { store, toolchain, signal } = shared;
  const tree = withMounted(state.tree, sources);
  const classified = classify(instruction.command, state.config.Shell ?? DEFAULT_SHELL);
  const directories = directoriesOf(join(shared.workspace, `stage-${plan.stage.index}`), shared);
  const disk = new Disk(directories.root, store);
  const output = new Output(shared, instruction.line);
  await fetchFiles(
    [...tree.below('')].map(([, node]) => node),
    store,
    signal,
  );
  await shared.hashes.fill([...tree.below('')].map(([, node]) => node));
  await disk.put(tree);
  await store.shared?.folders();
  markUsed(shared.workspace);
  try {
    if (!classified.plain) throw new NotPlain(classified.why);
    if (toolchain === undefined) throw new NotPlain('there is no Go toolchain here');
    const { commands } = classified;
    const limits = limitsOf(shared);
    const code = await inLimits(instruction, shared, output, () =>
      withTimeout(limits, signal, (until) =>
        runGoScript({
          commands,
          toolchain,
          directories,
          environment: state.runEnvironment,
          workdir: state.config.WorkingDir || '/',
          platform: state.platform,
          network: shared.network,
          onOutput: output.add,
          outputBytes: limits.outputBytes,
          signal: until,
        }),
      ),
    );
    if (code !== 0) throw runFailed(instruction, code, output, shared);
    const changes = await disk.changes(tree, { uid: 0, gid: 0 }, shared.epoch, stampBuildId);
    const written = changes.map(({ path }) => path).find((path) => isReadOnly(path, sources));
    if (written !== undefined) {
      output.add(`open /${written}: read-only file system`);
      throw runFailed(
        instruction,
        1,
        output,
        shared,
        'it is in a bind mount: mount that with rw, or COPY it',
      );
    }
    const mounted = mountTargets(instruction, state, sources);
    return changes.filter(({ path, node }) => !isMounted(path, node, mounted, state.tree));
  } catch (error) {
    throw error instanceof NotPlain ? needsSandbox(error, instruction, plan.stage.index) : error;
  } finally {
    disk.save();
  }
}

/** It turned out to be more than plain go commands when its variables were known; a sandbox could run it. */
function needsSandbox(
  { message: why }: NotPlain,
  { line, endLine }: RunInstruction,
  stage: number,
): PlanChanged {
  return new PlanChanged({ kind: 'needs-sandbox', stage, line, endLine, why });
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
