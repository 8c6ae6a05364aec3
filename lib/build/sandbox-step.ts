import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunInstruction } from '../dockerfile/types.ts';
import type { Able } from '../sandbox/ability.ts';
import { type Bind, runInSandbox } from '../sandbox/run.ts';
import { argvOf, DEFAULT_PATH, within } from './config.ts';
import { findHome, type Owner, userOf } from './owners.ts';
import { runKey } from './run-key.ts';
import { cannotRun, Output, runFailed } from './run-step.ts';
import { SandboxDisk } from './sandbox-disk.ts';
import type { StageInput } from './shared.ts';
import type { StageState } from './stage-state.ts';
import { keyOf } from './store.ts';
import { type Change, Tree } from './tree.ts';

/** Raise when the same RUN would leave other files than before, so that older records do not count. */
const REVISION = 1;

/** The key of a RUN in the sandbox: whatever its result depends on, as far as the builder can know. */
export function sandboxKey(
  instruction: RunInstruction,
  state: StageState,
  as: 'root' | 'user',
  epoch: number,
): string {
  return runKey(instruction, state, ['sandbox', REVISION, as], epoch);
}

/** The disks of the stages of one build. */
export type SandboxDisks = Map<number, SandboxDisk>;

/** Runs a RUN in namespaces of its own, and answers what it changed. Throws BuildFailure. */
export async function sandboxStep(
  instruction: RunInstruction,
  state: StageState,
  { shared, plan }: StageInput,
  ability: Able,
): Promise<Change[]> {
  const { store, bases, signal, workspace } = shared;
  const { index } = plan.stage;
  const disk =
    shared.disks.get(index) ??
    new SandboxDisk(join(workspace, `sandbox-${index}`), store, bases, ability, signal);
  shared.disks.set(index, disk);
  const base = state.image === undefined ? new Tree() : await bases.tree(state.image);
  const root = await disk.prepare({
    tree: state.tree,
    base,
    baseKey: state.image?.digest ?? 'scratch',
    changes: state.changes,
  });
  const output = new Output(shared, instruction.line);
  const code = await runInSandbox({
    ability,
    root,
    argv: argvOf(instruction.command, state.config),
    env: await environmentOf(state, shared),
    workdir: state.config.WorkingDir || '/',
    user: await runUser(instruction, state, shared, ability),
    binds: bindsOf(instruction, state, shared),
    onLine: output.add,
    ...(signal === undefined ? {} : { signal }),
  });
  if (code !== 0) throw runFailed(instruction, code, output, shared, hintFor(output, ability));
  return disk.changes(state.tree, shared.epoch);
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
): Promise<Owner> {
  const owner = await userOf(state, shared, instruction.line);
  if (ability.as === 'root' || owner.uid === 0) return owner;
  const why = `it runs as ${state.config.User}`;
  throw cannotRun(instruction, why, shared, 'an ordinary user can only be root in RUN');
}

function bindsOf(
  { mounts, line }: RunInstruction,
  state: StageState,
  { store }: StageInput['shared'],
): Bind[] {
  const inRoot = (path: string) => state.tree.resolve(path, true) ?? path.replace(/^\/+/, '');
  const network = ['/etc/resolv.conf', '/etc/hosts']
    .filter((source) => existsSync(source))
    .map((source): Bind => ({ source, target: inRoot(source), kind: 'file', readOnly: true }));
  const cacheMounts = mounts.filter((mount) => mount.type === 'cache');
  const caches = cacheMounts.map(({ target, id, readOnly }): Bind => {
    const path = within(state.config.WorkingDir, state.expand(target, line));
    const source = store.path('mounts', keyOf(id ?? path));
    mkdirSync(source, { recursive: true });
    return { source, target: inRoot(path), kind: 'directory', readOnly };
  });
  return [...network, ...caches];
}

function hintFor({ last }: Output, { as }: Able): string | undefined {
  const wantsOwners = last.some((line) =>
    /chown|setgroups|seteuid|setresuid|lchown|Invalid argument/i.test(line),
  );
  if (as === 'root' || !wantsOwners) return undefined;
  return 'this build runs as an ordinary user, for whom files in RUN can only belong to root; build as root';
}
