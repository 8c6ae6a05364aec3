import { join } from 'node:path';
import type { RunInstruction } from '../../dockerfile/types.ts';
import type { Able } from '../../sandbox/ability.ts';
import { runInSandbox, type SandboxRun } from '../../sandbox/run.ts';
import { openSandboxDisk, type SandboxDisk } from '../disk/sandbox-disk.ts';
import type { StageInput } from '../shared.ts';
import { argvOf, DEFAULT_PATH } from '../stage/config.ts';
import { findHome } from '../stage/owners.ts';
import type { StageState } from '../stage/stage-state.ts';
import { type Change, Tree } from '../tree.ts';
import { refuseTooLong } from './argument-size.ts';
import { inLimits, limitsOf } from './limits.ts';
import { maskOf } from './mounts/mask.ts';
import { openMounts } from './mounts/open.ts';
import type { MountSource } from './mounts/sources.ts';
import { refuseUnlessAllowed } from './privileges.ts';
import { runKey } from './run-key.ts';
import { cannotRun, Output, runFailed } from './run-step.ts';
import { type RunUser, runUserOf } from './run-user.ts';

/** Raise when the same RUN would leave other files than before, so that older records do not count. */
const REVISION = 3;

/** The key of a RUN in the sandbox: whatever its result depends on, as far as the builder can know. */
export function sandboxKey(
  instruction: RunInstruction,
  state: StageState,
  as: 'root' | 'user',
  epoch: number,
  sources: readonly MountSource[],
): string {
  const engine = ['sandbox', REVISION, as] as const;
  return runKey(
    instruction,
    state,
    engine,
    epoch,
    sources.map(({ identity }) => identity),
  );
}

/** The disks of the stages of one build. */
export type SandboxDisks = Map<number, SandboxDisk>;

/** Runs a RUN in namespaces of its own, and answers what it changed. Throws BuildFailure. */
export async function sandboxStep(
  instruction: RunInstruction,
  state: StageState,
  input: StageInput,
  ability: Able,
  sources: readonly MountSource[],
): Promise<Change[]> {
  const { shared } = input;
  refuseUnlessAllowed(instruction, shared, ability);
  const disk = diskOf(input, ability);
  const base = state.image === undefined ? new Tree() : await shared.bases.tree(state.image);
  const user = await runUser(instruction, state, shared, ability);
  const opened = await openMounts(instruction, state, input, ability, sources);
  try {
    const output = new Output(shared, instruction.line, maskOf(opened.secrets));
    const root = await disk.prepare({
      tree: state.tree,
      base,
      baseKey: state.image?.digest ?? 'scratch',
      changes: state.changes,
      ends: state.runEnds,
    });
    const env = new Map([...(await environmentOf(state, shared)), ...opened.env]);
    const argv = argvOf(instruction.command, state.config);
    refuseTooLong(instruction, argv, env, shared);
    const code = await inLimits(instruction, shared, output, () =>
      runInSandbox({
        ability,
        root,
        argv,
        env,
        secretEnv: opened.secretEnv,
        ...placesIn(state),
        user,
        mounts: opened.mounts,
        staging: join(disk.directory, 'staging'),
        network: instruction.network ?? 'default',
        insecure: instruction.security === 'insecure',
        limits: limitsOf(shared),
        onLine: output.add,
        onUnlimited: (message) => tellOnce(message, instruction, shared),
        ...(shared.signal === undefined ? {} : { signal: shared.signal }),
      }),
    );
    if (code !== 0) throw runFailed(instruction, code, output, shared, hintFor(output, ability));
    return await disk.changes(state.tree, shared.epoch);
  } finally {
    opened.release();
  }
}

const told = new WeakSet<SandboxDisks>();

/** Once in a build, though each of its RUNs says so. */
function tellOnce(
  message: string,
  { line }: RunInstruction,
  { disks, onProgress }: StageInput['shared'],
): void {
  if (told.has(disks)) return;
  told.add(disks);
  onProgress({ type: 'notice', message, line });
}

function diskOf({ shared, plan }: StageInput, ability: Able): SandboxDisk {
  const { store, bases, signal, workspace, disks } = shared;
  const { index } = plan.stage;
  const known = disks.get(index);
  if (known !== undefined) return known;
  const directory = join(workspace, `sandbox-${index}`);
  const disk = openSandboxDisk({
    directory,
    store,
    bases,
    ability,
    ...(signal === undefined ? {} : { signal }),
  });
  disks.set(index, disk);
  return disk;
}

async function environmentOf(
  state: StageState,
  { bases }: StageInput['shared'],
): Promise<Map<string, string>> {
  const home = await findHome(state.config.User ?? '', state.tree, bases);
  return new Map([['PATH', DEFAULT_PATH], ['HOME', home], ...state.runEnvironment]);
}

async function runUser(
  instruction: RunInstruction,
  state: StageState,
  shared: StageInput['shared'],
  ability: Able,
): Promise<RunUser> {
  const owner = await runUserOf(state, shared, instruction.line);
  if (ability.as === 'root' || owner.uid === 0) return owner;
  const why = `it runs as ${state.config.User}`;
  throw cannotRun(instruction, why, shared, 'an ordinary user can only be root in RUN');
}

function placesIn({
  tree,
  config,
}: StageState): Pick<SandboxRun, 'workdir' | 'workdirInRoot' | 'names' | 'envProgram'> {
  const inRoot = (path: string) => tree.resolve(path, true) ?? path;
  const workdir = config.WorkingDir || '/';
  // By its own name: in many images it is a link to a program that goes by that.
  const env = ['usr/bin/env', 'bin/env'].find((path) => tree.get(inRoot(path))?.type === 'file');
  return {
    workdir,
    // Links in a circle lead nowhere, and nothing is made for them.
    workdirInRoot: tree.resolve(workdir, true) ?? '',
    names: { resolvConf: inRoot('etc/resolv.conf'), hosts: inRoot('etc/hosts') },
    ...(env === undefined ? {} : { envProgram: env }),
  };
}

function hintFor({ last }: Output, { as }: Able): string | undefined {
  const wantsOwners = last.some((line) =>
    /chown|setgroups|seteuid|setresuid|lchown|Invalid argument/i.test(line),
  );
  if (as === 'root' || !wantsOwners) return undefined;
  return 'this build runs as an ordinary user, for whom files in RUN can only belong to root; build as root';
}
