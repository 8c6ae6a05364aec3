import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { makeNetwork } from './network.ts';
import { removeTree } from './remove-tree.ts';
import { SYSTEM_PATH, spawnLines } from './spawn.ts';

/** Whether this process may run a command in namespaces of its own. */
export type SandboxAbility =
  | {
      able: true;
      /** `root`: with real owners; `user`: by a user namespace in which only one user exists. */
      as: 'root' | 'user';
      /**
       * Whether a stage's root can be a stack of directories. `volatile`: what programs in it want written to the disk at
       * once is written when the kernel likes, as all of a build's files are: package managers ask for it file by file.
       */
      overlay: 'none' | 'synced' | 'volatile';
      /**
       * `own`: a command has a network of its own, from which neither this machine nor link-local addresses (instance
       * metadata) are reached. `machine`: it has this machine's network with its loopback and abstract sockets, and
       * reaches what this machine reaches; `networkWhy` says what is missing.
       */
      network: 'own' | 'machine';
      networkWhy?: string;
    }
  | { able: false; why: string };

/** A SandboxAbility that is one. */
export type Able = SandboxAbility & { able: true };

// What the sandbox uses beyond unshare and mount.
const NEEDED = 'mount -t proc proc proc && command -v setpriv find xargs env head > /dev/null';

/** The flags of unshare(1) for new mount, host name and IPC namespaces. */
export function namespaceFlags(as: 'root' | 'user'): string[] {
  const common = ['--mount', '--uts', '--ipc'];
  return as === 'root' ? common : ['--user', '--map-root-user', ...common];
}

/** Tries it out, in `directory`, where the stages will be: whether overlay works depends on its file system. */
export async function probeSandbox(directory: string, uid = process.getuid?.()): Promise<SandboxAbility> {
  const as = uid === 0 ? 'root' : 'user';
  const trial = join(directory, `trial-${process.pid}-${Date.now()}`);
  const said: string[] = [];
  try {
    for (const name of ['lower', 'upper', 'work', 'merged', 'proc']) {
      await mkdir(join(trial, name), { recursive: true });
    }
    const inner = ['--pid', '--fork', '--mount', 'sh', '-c', NEEDED];
    const able = await attempt([...namespaceFlags(as), 'unshare', ...inner], trial, said);
    if (!able) return { able: false, why: said.join(' ') || 'namespaces are not allowed here' };
    return { able: true, as, overlay: await probeOverlay(as, trial), ...(await probeNetwork(as)) };
  } finally {
    // An overlay leaves directories in `work` that nobody may read but root.
    removeTree(trial);
  }
}

/** Linux has the option since 5.10, and refuses what it does not know. */
async function probeOverlay(as: Able['as'], trial: string): Promise<Able['overlay']> {
  for (const overlay of ['volatile', 'synced'] as const) {
    const options = overlayOptions({ as, overlay }, '', ['lower']);
    const mount = `mount -t overlay overlay -o ${options} merged`;
    if (await attempt([...namespaceFlags(as), 'sh', '-c', mount], trial, [])) return overlay;
  }
  return 'none';
}

/** Makes a network once and gives it back. */
async function probeNetwork(as: 'root' | 'user'): Promise<Pick<Able, 'network' | 'networkWhy'>> {
  if (as === 'user') return { network: 'machine', networkWhy: 'only root can make one' };
  try {
    const network = await makeNetwork();
    await network.release();
    return { network: 'own' };
  } catch (error) {
    return { network: 'machine', networkWhy: `it needs iproute2 and iptables: ${messageOf(error)}` };
  }
}

/**
 * The mount options of an overlay whose directories are below `directory`; without privileges it needs `userxattr`. A
 * volatile one is mounted once: `work` has to be another directory the next time.
 */
export function overlayOptions(
  { as, overlay }: Pick<Able, 'as' | 'overlay'>,
  directory: string,
  lowers: readonly string[],
): string {
  const options = [`lowerdir=${lowers.join(':')}`, `upperdir=${directory}upper`, `workdir=${directory}work`];
  // Everything that changed has to be in `upper` as it is, not as a note of where it was (userxattr implies that), and
  // files of the lower directories may have other names elsewhere, which is nobody's business here.
  const plain = as === 'user' ? ['userxattr'] : ['redirect_dir=off', 'metacopy=off', 'index=off'];
  const volatile = overlay === 'volatile' ? ['volatile'] : [];
  return [...options, ...plain, ...volatile].join(',');
}

async function attempt(args: string[], cwd: string, said: string[]): Promise<boolean> {
  const onLine = (line: string) => said.push(line);
  const run = spawnLines({ file: 'unshare', args, cwd, env: { PATH: SYSTEM_PATH }, onLine });
  return run.then(
    (code) => code === 0,
    () => false,
  );
}
