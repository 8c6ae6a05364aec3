import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
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
  #daemon: Daemon | undefined;
  #count = 0;

  /** Begins to start it, for who will need it soon: whoever asks for something waits for it anyway. */
  prepare(): void {
    this.#running();
  }

  /** Runs the docker client; answers what it printed. Rejects with what it complained of. */
  docker(...args: string[]): Promise<string> {
    return this.#running().docker(args);
  }

  /** Builds; answers the OCI layout as a tar archive. */
  async build(context: string, args: readonly string[]): Promise<string> {
    const archive = join(this.directory, `${this.#count++}.tar`);
    const output = ['--output', `type=oci,dest=${archive}`, '--provenance=false', '--network=host'];
    await this.docker('buildx', 'build', ...output, ...args, context);
    return archive;
  }

  async close(): Promise<void> {
    await this.#daemon?.end();
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

  /** One that ended by itself fails what it was at, and not all that comes after. */
  #running(): Daemon {
    if (this.#daemon === undefined || this.#daemon.hasEnded)
      this.#daemon = new Daemon(mkdtempSync(join(this.directory, 'run-')));
    return this.#daemon;
  }
}

/** One run of dockerd, whose files are in `directory`. */
class Daemon {
  readonly #directory: string;
  readonly #up: Promise<{ init: string }>;
  #process: ChildProcess | undefined;
  #isLost = false;

  constructor(directory: string) {
    this.#directory = directory;
    this.#up = this.#start();
    // Who asks it for something hears of it, and the next one gets another.
    this.#up.catch(() => {
      this.#isLost = true;
      this.#process?.kill('SIGKILL');
    });
  }

  /** Also of one that never began to answer. */
  get hasEnded(): boolean {
    return this.#isLost || this.#end !== undefined;
  }

  get #end(): number | string | undefined {
    return this.#process?.exitCode ?? this.#process?.signalCode ?? undefined;
  }

  async docker(args: readonly string[]): Promise<string> {
    const { init } = await this.#up;
    return this.#docker(init, args);
  }

  async end(): Promise<void> {
    if (this.#process !== undefined && this.#end === undefined) {
      const exit = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await exit;
    }
    await this.#up.catch(() => {});
  }

  async #start(): Promise<{ init: string }> {
    // Images in containerd's store: BuildKit then writes OCI layouts, and indexes of several platforms.
    writeFileSync(join(this.#directory, 'daemon.json'), '{"features": {"containerd-snapshotter": true}}');
    const flags = ['--mount', '--propagation=private', '--pid', '--fork', '--kill-child=SIGKILL'];
    const args = [...flags, 'sh', '-ec', SCRIPT, 'sh', await trixieRoot(DOCKER), this.#directory, tmpdir()];
    // It ends with this process, however that ends.
    this.#process = spawn('setpriv', ['--pdeathsig=KILL', 'unshare', ...args], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 300 && this.#end === undefined; attempt++) {
      const init = await this.#answering();
      if (init !== undefined) return { init };
      await setTimeout(100);
    }
    throw new Error(`dockerd does not answer (${this.#end ?? 'it goes on'}): ${this.#log()}`);
  }

  /** The process id of the namespace's first, once dockerd answers. */
  async #answering(): Promise<string | undefined> {
    try {
      const { stdout } = await execute('pgrep', ['-P', String(this.#process?.pid)]);
      const init = stdout.trim();
      await this.#docker(init, ['version']);
      return init;
    } catch {
      return undefined;
    }
  }

  async #docker(init: string, args: readonly string[]): Promise<string> {
    const inside = ['--target', init, '--mount', '--pid', 'docker'];
    const socket = ['-H', `unix://${this.#directory}/docker.sock`];
    const { stdout } = await execute('nsenter', [...inside, ...socket, ...args], {
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', BUILDKIT_PROGRESS: 'plain' },
    }).catch((error: Error & { stderr?: string }) => {
      const why = this.hasEnded ? `dockerd has ended (${this.#end}): ${this.#log()}\n` : '';
      throw new Error(`docker ${args[0]}: ${why}${error.stderr?.slice(-600)}`);
    });
    return stdout;
  }

  #log(): string {
    try {
      return readFileSync(join(this.#directory, 'log'), 'utf8').slice(-2000);
    } catch {
      return 'it wrote no log';
    }
  }
}
