import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { RunInstruction, RunMount } from '../../../dockerfile/types.ts';
import { FairleadError } from '../../../errors.ts';
import type { Able } from '../../../sandbox/ability.ts';
import { removeTree } from '../../../sandbox/remove-tree.ts';
import type { Mount } from '../../../sandbox/run.ts';
import { findRoot, keepRoot } from '../../disk/roots.ts';
import { unpackTree } from '../../disk/unpack.ts';
import type { StageInput } from '../../shared.ts';
import { inlineProgram, within } from '../../stage/config.ts';
import type { StageState } from '../../stage/stage-state.ts';
import { fetchFiles } from '../../store/fetch.ts';
import { keyOf } from '../../store/store.ts';
import { relayAgent } from './agent.ts';
import { type CacheMount, type CacheRequest, openCaches } from './caches.ts';
import { openSecret } from './secrets.ts';
import { type MountSource, ONLY_FILE } from './sources.ts';

/** All that a RUN in the sandbox mounts, until it is given back. */
export interface OpenMounts {
  mounts: Mount[];
  env: Map<string, string>;
  secretEnv: Map<string, Buffer>;
  /** What must not be seen in the output. */
  secrets: Buffer[];
  release(): void;
}

interface Opening {
  instruction: RunInstruction;
  state: StageState;
  input: StageInput;
  ability: Able;
  sources: readonly MountSource[];
  /** A directory for what the mounts need on disk. */
  scratch: string;
  opened: OpenMounts;
  releases: (() => void)[];
}

/** Makes ready what a RUN mounts. Throws FairleadError, and then has given back what it took. */
export async function openMounts(
  instruction: RunInstruction,
  state: StageState,
  input: StageInput,
  ability: Able,
  sources: readonly MountSource[],
): Promise<OpenMounts> {
  mkdirSync(input.shared.workspace, { recursive: true });
  const scratch = mkdtempSync(join(input.shared.workspace, 'mounts-'));
  const releases = [() => removeTree(scratch)];
  const opened: OpenMounts = {
    mounts: [],
    env: new Map(),
    secretEnv: new Map(),
    secrets: [],
    release: () => {
      for (const release of releases.splice(0).reverse()) release();
    },
  };
  const opening = { instruction, state, input, ability, sources, scratch, opened, releases };
  try {
    const caches = await openCaches(await cacheRequests(opening));
    releases.push(caches.release);
    for (const mount of instruction.mounts) await open(mount, opening, caches.directories);
    const program = inlineProgram(instruction.command);
    if (program !== undefined) {
      const data = Buffer.from(program.content);
      opened.mounts.push({ kind: 'data', target: program.path.slice(1), mode: 0o755, uid: 0, gid: 0, data });
    }
    refuseFilesInCaches(opened.mounts, instruction, opening);
    return opened;
  } catch (error) {
    opened.release();
    throw error;
  }
}

async function open(mount: RunMount, opening: Opening, caches: ReadonlyMap<RunMount, string>): Promise<void> {
  switch (mount.type) {
    case 'cache': {
      const source = caches.get(mount) as string;
      const target = targetOf(mount.target, opening);
      opening.opened.mounts.push({ kind: 'directory', source, target, readOnly: mount.readOnly });
      return;
    }
    case 'bind':
      return openBind(mount, opening);
    case 'tmpfs': {
      const size = mount.size === undefined ? {} : { size: mount.size };
      opening.opened.mounts.push({ kind: 'tmpfs', target: targetOf(mount.target, opening), ...size });
      return;
    }
    case 'secret':
      return openSecretMount(mount, opening);
    case 'ssh':
      return openAgent(mount, opening);
  }
}

/** What the RUN asks for of caches; what they begin with is here before any of them is locked. */
async function cacheRequests(opening: Opening): Promise<CacheRequest[]> {
  const requests: CacheRequest[] = [];
  for (const mount of opening.instruction.mounts)
    if (mount.type === 'cache') requests.push(await cacheRequest(mount, opening));
  return requests;
}

async function cacheRequest(mount: CacheMount, opening: Opening): Promise<CacheRequest> {
  const { instruction, state, input, ability } = opening;
  const { store, signal, onProgress, scope } = input.shared;
  const { line } = instruction;
  const expanded = (text: string) => state.expand(text, line);
  const path = within(state.config.WorkingDir, expanded(mount.target));
  const source = sourceOf(mount, opening);
  const message = `another build has the cache ${path} locked: waiting for it`;
  return {
    mount,
    id: mount.id === undefined ? path : expanded(mount.id),
    ...(source === undefined ? {} : { source: await fetched(source, opening) }),
    store,
    as: ability.as,
    ...(scope === undefined ? {} : { scope }),
    onWait: () => onProgress({ type: 'notice', line, message }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Raise when what is bound is unpacked otherwise than before. */
const BINDS_REVISION = 1;

/** What is bound is unpacked once, by its content, and only shown; who may write to it writes to a copy. */
async function openBind(mount: RunMount & { type: 'bind' }, opening: Opening): Promise<void> {
  const { input, ability, scratch, opened } = opening;
  const found = sourceOf(mount, opening);
  if (found === undefined) throw new Error(`the source of ${mount.target} was not looked for`);
  const { kind, identity, tree } = await fetched(found, opening);
  const { store, signal } = input.shared;
  const target = targetOf(mount.target, opening);
  const key = keyOf('bind', BINDS_REVISION, identity, ability.as);
  const unpack = (directory: string) => unpackTree(tree, directory, ability.as, signal);
  const shown = findRoot(store, key) ?? (await keepRoot(store, key, unpack));
  if (mount.readOnly) {
    const source = kind === 'file' ? join(shown, ONLY_FILE) : shown;
    opened.mounts.push({ kind, source, target, readOnly: true });
  } else if (kind === 'directory' && ability.overlay !== 'none') {
    const own = join(scratch, `bind-${opened.mounts.length}`);
    for (const name of ['upper', 'work']) mkdirSync(join(own, name), { recursive: true });
    opened.mounts.push({ kind: 'discarded', source: shown, target, scratch: own });
  } else {
    const own = join(scratch, `bind-${opened.mounts.length}`);
    await unpackTree(tree, own, ability.as, signal);
    const source = kind === 'file' ? join(own, ONLY_FILE) : own;
    opened.mounts.push({ kind, source, target, readOnly: false });
  }
}

function openSecretMount(mount: RunMount & { type: 'secret' }, opening: Opening): void {
  const { instruction, input, state, opened } = opening;
  const { secrets, dockerfile } = input.shared;
  const expanded = { ...mount };
  for (const key of ['id', 'target', 'env'] as const) {
    const text = mount[key];
    if (text !== undefined) expanded[key] = state.expand(text, instruction.line);
  }
  const secret = openSecret(expanded, secrets, `${dockerfile.name}:${instruction.line}`);
  if (secret === undefined) return;
  const { data, target, mode, uid, gid, env } = secret;
  opened.secrets.push(data);
  if (env !== undefined) opened.secretEnv.set(env, data);
  if (target !== undefined)
    opened.mounts.push({ kind: 'data', target: targetOf(target, opening), mode, uid, gid, data });
}

async function openAgent(mount: RunMount & { type: 'ssh' }, opening: Opening): Promise<void> {
  const { instruction, input, scratch, opened, releases } = opening;
  const { ssh, dockerfile } = input.shared;
  const id = mount.id ?? 'default';
  const agent = ssh.get(id);
  if (agent === undefined) {
    if (!mount.required) return;
    throw new FairleadError({
      code: 'build/no-agent',
      operation: 'building the image',
      place: `${dockerfile.name}:${instruction.line}`,
      cause: `the RUN needs the SSH agent ${id}, and it was not given`,
      remedy: `give it: --ssh ${id}=SOCKET`,
    });
  }
  const number = opened.mounts.length;
  const path = mount.target ?? `/run/buildkit/ssh_agent.${number}`;
  const source = join(scratch, `agent-${number}`);
  const mode = mount.mode === undefined ? 0o600 : Number.parseInt(mount.mode, 8);
  const owner = { uid: Number(mount.uid ?? 0), gid: Number(mount.gid ?? 0), mode };
  const relay = await relayAgent(agent, source, owner);
  releases.push(() => relay.close());
  opened.mounts.push({ kind: 'file', source, target: targetOf(path, opening), readOnly: false });
  if (!opened.env.has('SSH_AUTH_SOCK')) opened.env.set('SSH_AUTH_SOCK', within('/', path));
}

function sourceOf(mount: RunMount, { sources }: Opening): MountSource | undefined {
  return sources.find((source) => source.mount === mount);
}

async function fetched(source: MountSource, { input }: Opening): Promise<MountSource> {
  const { store, signal } = input.shared;
  await fetchFiles(
    [...source.tree.below('')].map(([, node]) => node),
    store,
    signal,
  );
  return source;
}

/** Where a target is in the stage, symlinks followed inside of it. Throws `build/bad-mount`. */
function targetOf(text: string, { state, instruction, input }: Opening): string {
  const path = within(state.config.WorkingDir, state.expand(text, instruction.line));
  const target = state.tree.resolve(path, true) ?? path.slice(1);
  if (target === '') throw badMount('/ cannot be mounted over', instruction, input);
  return target;
}

// There a RUN of another build could exchange the file for a link while it is mounted.
function refuseFilesInCaches(
  mounts: readonly Mount[],
  instruction: RunInstruction,
  { input }: Opening,
): void {
  const caches = mounts.filter((mount) => mount.kind === 'directory' && !mount.readOnly);
  for (const { kind, target } of mounts) {
    if (kind !== 'file' && kind !== 'data') continue;
    const cache = caches.find((directory) => target.startsWith(`${directory.target}/`));
    if (cache === undefined) continue;
    throw badMount(`/${target} is a file in the mount /${cache.target}`, instruction, input);
  }
}

function badMount(cause: string, { line }: RunInstruction, { shared }: StageInput): FairleadError {
  return new FairleadError({
    code: 'build/bad-mount',
    operation: 'building the image',
    place: `${shared.dockerfile.name}:${line}`,
    cause,
    remedy: 'give the mount another target',
  });
}
