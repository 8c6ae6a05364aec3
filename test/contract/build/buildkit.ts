import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { trixieRoot } from '../trixie.ts';

const execute = promisify(execFile);

/** Docker 26.1 with its BuildKit, what it needs for `ADD` of a git repository, and what the cases' bases take from it. */
export const DOCKER = [
  ...['docker.io', 'docker-cli', 'docker-buildx', 'git', 'ca-certificates'],
  ...['attr', 'libcap2-bin', 'xz-utils'],
];

// The root of Debian trixie in a mount namespace of its own, under an overlay so that nothing is written to it. Runs as
// the first process of a PID namespace: with it ends all that dockerd has started, and with that go the mounts.
const SCRIPT = `root=$1 state=$2 temporary=$3
mkdir "$state/upper" "$state/work" "$state/merged"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$state/upper,workdir=$state/work" "$state/merged"
cd "$state/merged"
mkdir -p ".$temporary" old
mount --rbind "$temporary" ".$temporary"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
echo '127.0.0.1 localhost' > etc/hosts
: > etc/resolv.conf
pivot_root . old
umount -l /old
exec dockerd -H "unix://$state/docker.sock" --data-root "$state/data" --exec-root /run/docker \\
  --pidfile /run/docker.pid --config-file "$state/daemon.json" --bridge=none --iptables=false --ip6tables=false \\
  > "$state/log" 2>&1`;

/** Docker 26.1 of Debian trixie, for itself: its own files, processes and mounts, but this machine's network. */
export class BuildKit {
  readonly directory = mkdtempSync(join(tmpdir(), 'fairlead-dockerd-'));
  #unshare: ReturnType<typeof spawn> | undefined;
  #init: string | undefined;
  #count = 0;

  async start(): Promise<this> {
    // Images in containerd's store: BuildKit then writes OCI layouts, and indexes of several platforms.
    writeFileSync(join(this.directory, 'daemon.json'), '{"features": {"containerd-snapshotter": true}}');
    const flags = ['--mount', '--propagation=private', '--pid', '--fork', '--kill-child=SIGKILL'];
    const args = [...flags, 'sh', '-ec', SCRIPT, 'sh', await trixieRoot(DOCKER), this.directory, tmpdir()];
    // It ends with this process, however that ends.
    this.#unshare = spawn('setpriv', ['--pdeathsig=KILL', 'unshare', ...args], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 300; attempt++) {
      if (this.#unshare.exitCode !== null) throw new Error(`dockerd ended: ${this.log()}`);
      if (await this.#answers()) return this;
      await setTimeout(100);
    }
    throw new Error(`dockerd does not answer: ${this.log()}`);
  }

  /** Runs the docker client; answers what it printed. Rejects with what it complained of. */
  async docker(...args: string[]): Promise<string> {
    const inside = ['--target', this.#init as string, '--mount', '--pid', 'docker'];
    const socket = ['-H', `unix://${this.directory}/docker.sock`];
    const { stdout } = await execute('nsenter', [...inside, ...socket, ...args], {
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', BUILDKIT_PROGRESS: 'plain' },
    }).catch((error: Error & { stderr?: string }) => {
      const ended = this.#unshare?.exitCode ?? this.#unshare?.signalCode;
      const why = ended == null ? '' : `dockerd has ended (${ended}): ${this.log()}\n`;
      throw new Error(`docker ${args[0]}: ${why}${error.stderr?.slice(-600)}`);
    });
    return stdout;
  }

  /** Builds; answers the OCI layout as a tar archive. */
  async build(context: string, args: readonly string[]): Promise<string> {
    const archive = join(this.directory, `${this.#count++}.tar`);
    const output = ['--output', `type=oci,dest=${archive}`, '--provenance=false', '--network=host'];
    await this.docker('buildx', 'build', ...output, ...args, context);
    return archive;
  }

  log(): string {
    try {
      return readFileSync(join(this.directory, 'log'), 'utf8').slice(-2000);
    } catch {
      return 'it wrote no log';
    }
  }

  async close(): Promise<void> {
    const ended = this.#unshare;
    if (ended !== undefined && ended.exitCode === null && ended.signalCode === null) {
      const exit = new Promise((resolve) => ended.once('exit', resolve));
      ended.kill('SIGKILL');
      await exit;
    }
    // The namespace's mounts go a moment after its last process.
    for (let attempt = 0; attempt < 50; attempt++) {
      try {
        rmSync(this.directory, { recursive: true, force: true });
        return;
      } catch {
        await setTimeout(100);
      }
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const { stdout } = await execute('pgrep', ['-P', String(this.#unshare?.pid)]);
      this.#init = stdout.trim();
      await this.docker('version');
      return true;
    } catch {
      return false;
    }
  }
}
