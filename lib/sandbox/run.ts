import { type Able, namespaceFlags } from './ability.ts';
import { sandboxScript } from './script.ts';
import { spawnLines } from './spawn.ts';

/** What a command sees as `/`: a directory that it changes, or directories under one that takes its changes. */
export type SandboxRoot =
  | { kind: 'directory'; path: string }
  | {
      kind: 'overlay';
      /** From the highest down. */
      lowers: readonly string[];
      upper: string;
      work: string;
      /** An empty directory. */
      mountPoint: string;
      /** Where to write the names in every directory of `upper` as they are seen merged, each with a zero byte after it. */
      listing: string;
    };

/** Something of this machine that the command sees while it runs, and that leaves no trace in the root. */
export interface Bind {
  source: string;
  /** In the root, without a leading slash and without symlinks on the way. */
  target: string;
  kind: 'file' | 'directory';
  readOnly: boolean;
}

export interface SandboxRun {
  ability: Able;
  root: SandboxRoot;
  argv: readonly string[];
  /** All of its environment. */
  env: ReadonlyMap<string, string>;
  /** Absolute, in the root. */
  workdir: string;
  user: { uid: number; gid: number };
  binds: readonly Bind[];
  onLine: (line: string) => void;
  signal?: AbortSignal;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs a command in new mount, pid, host name and IPC namespaces, with `root` as its file system, its own /proc and a
 * small /dev, and the capabilities that docker leaves to a container. The network is this machine's. Answers the exit
 * code. When the command ends, or the signal aborts, nothing that it started is left.
 */
export async function runInSandbox(run: SandboxRun): Promise<number> {
  const flags = [...namespaceFlags(run.ability.as), '--kill-child=SIGKILL', '--fork'];
  return spawnLines({
    file: 'unshare',
    args: [...flags, 'sh', '-c', sandboxScript(run)],
    cwd: '/',
    env: { PATH },
    onLine: run.onLine,
    ...(run.signal === undefined ? {} : { signal: run.signal }),
  });
}
