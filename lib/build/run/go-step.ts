import { join } from 'node:path';
import type { RunInstruction } from '../../dockerfile/types.ts';
import { GoDisk } from '../disk/go-disk.ts';
import { assumedOf } from '../go/assumed.ts';
import { classify } from '../go/classify.ts';
import type { GoDirectories } from '../go/environment.ts';
import { runGoScript } from '../go/run.ts';
import { NotPlain } from '../go/shell.ts';
import type { ProbedToolchain } from '../go/toolchain.ts';
import { stampBuildId } from '../go/toolexec.ts';
import { PlanChanged } from '../plan/finding.ts';
import type { Shared, StageInput } from '../shared.ts';
import { DEFAULT_SHELL } from '../stage/config.ts';
import { findHome } from '../stage/owners.ts';
import type { StageState } from '../stage/stage-state.ts';
import { fetchFiles } from '../store/fetch.ts';
import { markUsed } from '../store/prune.ts';
import type { Change, Tree } from '../tree.ts';
import { inLimits, limitsOf, withTimeout } from './limits.ts';
import { isMounted, isReadOnly, mountTargets, withMounted } from './mounts/in-tree.ts';
import type { MountSource } from './mounts/sources.ts';
import { runKey } from './run-key.ts';
import { Output, runFailed } from './run-step.ts';

/** Raise when the same RUN would leave other files than before, so that older records do not count. */
const REVISION = 3;

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
  const tree = withMounted(state.tree, sources);
  const directories = directoriesOf(join(shared.workspace, `stage-${plan.stage.index}`), shared);
  const output = new Output(shared, instruction.line);
  const disk = await putOnDisk(tree, directories.root, shared);
  try {
    const code = await inLimits(instruction, shared, output, () =>
      runCommands(instruction, state, shared, { disk, tree, directories }, output),
    );
    if (code !== 0) throw runFailed(instruction, code, output, shared);
    const changes = await disk.changes(tree, shared.epoch, stampBuildId);
    const written = changes.map(({ path }) => path).find((path) => isReadOnly(path, sources));
    if (written !== undefined) {
      output.add(`open /${written}: read-only file system`);
      const hint = 'it is in a bind mount: mount that with rw, or COPY it';
      throw runFailed(instruction, 1, output, shared, hint);
    }
    const mounted = mountTargets(instruction, state, sources);
    return changes.filter(({ path, node }) => !isMounted(path, node, mounted, state.tree));
  } catch (error) {
    throw error instanceof NotPlain ? needsSandbox(error, instruction, plan.stage.index) : error;
  } finally {
    disk.save();
  }
}

/** Makes the stage's directory what the tree says; Go's caches are there as well then. */
async function putOnDisk(tree: Tree, root: string, shared: Shared): Promise<GoDisk> {
  const { store, signal, hashes, workspace } = shared;
  const disk = new GoDisk(root, store);
  const nodes = [...tree.below('')].map(([, node]) => node);
  await fetchFiles(nodes, store, signal);
  await hashes.fill(nodes);
  disk.put(tree);
  await store.shared?.folders();
  markUsed(workspace);
  return disk;
}

/** Where the commands of a RUN find the stage. */
interface OnDisk {
  disk: GoDisk;
  /** What was put there, with what the RUN mounts. */
  tree: Tree;
  directories: GoDirectories;
}

/** Whom commands run as here; all that they make is root's. */
const ROOT = /^(root|0)?(:(root|0)?)?$/;

/** The exit code. Throws NotPlain for what only a sandbox can run. */
async function runCommands(
  instruction: RunInstruction,
  { config, runEnvironment: environment, platform }: StageState,
  shared: Shared,
  { disk, tree, directories }: OnDisk,
  output: Output,
): Promise<number> {
  const { toolchain, signal, network, bases } = shared;
  const { User = '', WorkingDir } = config;
  // A base's, which no plan knows.
  if (!ROOT.test(User)) throw new NotPlain(`it runs as the user ${User}`);
  const classified = classify(instruction.command, config.Shell ?? DEFAULT_SHELL);
  if (!classified.plain) throw new NotPlain(classified.why);
  if (toolchain === undefined) throw new NotPlain('there is no Go toolchain here');
  const { commands } = classified;
  const limits = limitsOf(shared);
  const home = await findHome(User, tree, bases);
  return withTimeout(limits, signal, (until) =>
    runGoScript({
      commands,
      toolchain,
      directories,
      environment,
      // As a shell finds it, when nobody has told it how it got there.
      workdir: `/${tree.resolve(WorkingDir || '/', true) ?? ''}`,
      home,
      files: { root: directories.root, attributes: disk.attributes, assumed: assumedOf(tree) },
      platform,
      network,
      onOutput: output.add,
      outputBytes: limits.outputBytes,
      signal: until,
    }),
  );
}

/** It turned out to be more than plain go commands when its variables were known; a sandbox could run it. */
function needsSandbox(
  { message: why }: NotPlain,
  { line, endLine }: RunInstruction,
  stage: number,
): PlanChanged {
  return new PlanChanged({ kind: 'needs-sandbox', stage, line, endLine, why });
}

function directoriesOf(root: string, { store }: Shared): GoDirectories {
  return {
    root,
    buildCache: store.path('go', 'build'),
    moduleCache: store.path('go', 'mod'),
    temporary: `${root}.tmp`,
    home: `${root}.home`,
  };
}
