import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type Able, namespaceFlags } from './ability.ts';
import { type ControlGroup, makeControlGroup } from './cgroup.ts';
import { exceeded, type RunLimits } from './limits.ts';
import { makeNetwork, type Network } from './network.ts';
import { HOST_NAME, sandboxScript } from './script.ts';
import { SYSTEM_PATH, spawnLines } from './spawn.ts';
import { type Written, watchDisk } from './watch-disk.ts';

/** What a command sees as `/`: a directory that it changes, or directories under one that takes its changes. */
export type SandboxRoot =
  | { kind: 'directory'; path: string; capabilities: string }
  | {
      kind: 'overlay';
      /** From the highest down; as they are told to mount(8), from `directory`. */
      lowers: readonly string[];
      /** Has `upper`, which takes the changes, and the empty directories `work` and `merged`. Absolute, without links. */
      directory: string;
      /** Where to write the names in every directory of `upper` as they are seen merged, each with a zero byte after it. */
      listing: string;
      /** Where to write a tar of empty files with the `security.capability` of what the command made. */
      capabilities: string;
    };

/** What the command sees while it runs besides its root, and that leaves no trace in that. Targets have no leading slash. */
export type Mount =
  /** Something of this machine. */
  | { kind: 'file' | 'directory'; source: string; target: string; readOnly: boolean }
  /** A directory of this machine, of which the command has a copy of its own; `scratch` is an empty directory for that. */
  | { kind: 'discarded'; source: string; target: string; scratch: string }
  | { kind: 'tmpfs'; target: string; size?: number }
  /** A file that is nowhere on disk. */
  | { kind: 'data'; target: string; mode: number; uid: number; gid: number; data: Buffer };

export interface SandboxRun {
  ability: Able;
  root: SandboxRoot;
  argv: readonly string[];
  /** All of its environment. */
  env: ReadonlyMap<string, string>;
  /** Variables of which the values must not be seen by others on this machine. The names are names to a shell. */
  secretEnv?: ReadonlyMap<string, Buffer>;
  /** Absolute, in the root. */
  workdir: string;
  /** The same without symlinks and without a leading slash. It is made where it is missing. */
  workdirInRoot: string;
  /** Where env(1) is in the root, without a leading slash: it gives the command what the loader of programs goes by. */
  envProgram?: string;
  user: { uid: number; gid: number; groups: readonly number[] };
  mounts: readonly Mount[];
  /** An empty directory, where mounts are got ready; nothing is written into it. */
  staging: string;
  /** Where resolv.conf(5) and hosts(5) are in the root, without a leading slash; they are the network's. */
  names: { resolvConf: string; hosts: string };
  /** `default` is a network of its own where the ability has that, else this machine's. */
  network: 'default' | 'none' | 'host';
  /** With all capabilities and devices, as docker's `--privileged`. */
  insecure?: boolean;
  limits: RunLimits;
  onLine: (line: string) => void;
  /** Called when limits cannot be held here, with what is missing and why that may be. */
  onUnlimited?: (message: string) => void;
  /** Where control groups are; where Linux usually has them when it is left out. */
  controlGroups?: string;
  signal?: AbortSignal;
}

/** What the script needs to know of what was made for it. */
export interface Prepared {
  network?: Network;
  group?: ControlGroup;
}

/** How often processes are looked at. */
const LOOK_MS = 200;

/**
 * Runs a command in new mount, pid, host name, IPC and, where the ability has it, network namespaces, with `root` as its
 * file system, its own /proc and a small /dev, and the capabilities that docker leaves to a container. There is no
 * seccomp filter, as no program of util-linux can load one, and no_new_privs is not set, as sudo has to work: what holds
 * the command are namespaces, capabilities and mounts without devices. Answers the exit code. When the command ends,
 * or the signal aborts, nothing that it started is left. Throws LimitExceeded.
 */
export async function runInSandbox(run: SandboxRun): Promise<number> {
  const { ability, limits, network, signal } = run;
  const prepared: Prepared = {};
  const aborter = new AbortController();
  const watched = signal === undefined ? aborter.signal : AbortSignal.any([signal, aborter.signal]);
  const end = (limit: keyof RunLimits) => aborter.abort(exceeded(limit, limits));
  const timers: NodeJS.Timeout[] = [];
  try {
    const group = makeControlGroup(limits, run.controlGroups);
    if (group !== undefined) prepared.group = group;
    tellMissing(run, group);
    if (network === 'default' && ability.network === 'own') prepared.network = await makeNetwork();
    if (group !== undefined)
      timers.push(setInterval(() => group.reached() === 'processes' && end('processes'), LOOK_MS));
    if (limits.runTimeout !== undefined) timers.push(setTimeout(() => end('runTimeout'), limits.runTimeout));
    timers.push(watchDisk(writtenTo(run), limits.diskBytes, () => end('diskBytes')));
    const mounts = [...nameFiles(run, prepared.network), ...run.mounts];
    const code = await spawnLines({
      ...spawnedBy({ ...run, mounts }, prepared),
      onLine: run.onLine,
      mostBytes: limits.outputBytes,
      onTooMuch: () => end('outputBytes'),
      signal: watched,
    });
    const reached = code === 0 ? undefined : group?.reached();
    if (reached !== undefined) throw exceeded(reached, limits);
    return code;
  } finally {
    for (const timer of timers) clearInterval(timer);
    await prepared.network?.release();
    await prepared.group?.remove();
  }
}

const MISSING = { processes: 'number of processes', memoryBytes: 'memory' };

function tellMissing({ ability, onUnlimited }: SandboxRun, group: ControlGroup | undefined): void {
  const limits = group?.missing ?? (['processes', 'memoryBytes'] as const);
  // An ordinary user's processes are counted by the kernel all the same.
  const missing = limits.filter((limit) => limit === 'memoryBytes' || ability.as === 'root');
  if (missing.length === 0) return;
  const what = missing.map((limit) => MISSING[limit]).join(' and the ');
  onUnlimited?.(
    `the ${what} of RUN cannot be limited here: no control group for it can be made in /sys/fs/cgroup`,
  );
}

function writtenTo({ root, mounts }: SandboxRun): Written {
  rmSync(root.capabilities, { force: true });
  const others = mounts.flatMap((mount) =>
    mount.kind === 'directory' && !mount.readOnly ? [mount.source] : [],
  );
  const copies = mounts.flatMap((mount) => (mount.kind === 'discarded' ? [`${mount.scratch}/upper`] : []));
  if (root.kind === 'directory') return { directory: root.path, own: [root.path, ...copies], others };
  return { directory: root.directory, own: [`${root.directory}/upper`, ...copies], others };
}

const OWN_HOSTS = `127.0.0.1 localhost ${HOST_NAME}\n::1 localhost ip6-localhost ip6-loopback\n`;

function nameFiles({ names, network }: SandboxRun, own: Network | undefined): Mount[] {
  const file = (target: string, text: string): Mount => {
    return { kind: 'data', target, mode: 0o644, uid: 0, gid: 0, data: Buffer.from(text) };
  };
  const isOwn = own !== undefined || network === 'none';
  const resolvConf = own?.resolvConf ?? textOf('/etc/resolv.conf');
  const hosts = isOwn ? OWN_HOSTS : textOf('/etc/hosts');
  return [file(names.resolvConf, resolvConf), file(names.hosts, hosts)];
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function spawnedBy(run: SandboxRun, prepared: Prepared) {
  const flags = [...namespaceFlags(run.ability.as), '--kill-child=SIGKILL', '--fork'];
  const { script, input } = sandboxScript(run, prepared);
  // An ordinary user's processes are counted by the kernel itself; root's only in control groups.
  const nproc = run.ability.as === 'user' ? ['prlimit', `--nproc=${run.limits.processes}`] : [];
  const [file = 'unshare', ...args] = [...nproc, 'unshare', ...flags, 'sh', '-c', script];
  return { file, args, cwd: '/', env: { PATH: SYSTEM_PATH }, input };
}
