import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Survives from run to run: the base image takes minutes to make. */
export const CACHE = process.env.FAIRLEAD_BENCH_CACHE ?? '/var/cache/fairlead-bench';

/** Debian's docker, whatever else of that name is on the PATH. */
const DOCKER = '/usr/bin/docker';

/** A Docker engine of our own, with BuildKit, and with `golang:1.19` in it: Debian's Go on a minimal Debian. */
export class DockerEngine {
  readonly environment: NodeJS.ProcessEnv;
  private readonly daemon: ChildProcess;
  private readonly directory: string;

  private constructor(daemon: ChildProcess, directory: string) {
    this.daemon = daemon;
    this.directory = directory;
    this.environment = {
      ...process.env,
      DOCKER_HOST: `unix://${join(directory, 'docker.sock')}`,
      DOCKER_BUILDKIT: '1',
      DOCKER_CONFIG: directory,
    };
  }

  static async start(): Promise<DockerEngine> {
    if (process.getuid?.() !== 0 || !existsSync('/usr/sbin/dockerd'))
      throw new Error(
        "the peer is Debian's docker.io, started by root: apt-get install docker.io debootstrap",
      );
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-docker-'));
    mkdirSync(CACHE, { recursive: true });
    const log = openSync(join(directory, 'log'), 'w');
    const daemon = spawn(
      '/usr/sbin/dockerd',
      [
        ['--data-root', join(CACHE, 'docker')],
        ['--exec-root', join(directory, 'exec')],
        ['--pidfile', join(directory, 'pid')],
        ['--host', `unix://${join(directory, 'docker.sock')}`],
        // No addresses and no rules of its own on this machine: builds here need no network.
        ['--iptables=false', '--ip6tables=false', '--bridge=none'],
      ].flat(),
      { stdio: ['ignore', log, log] },
    );
    const engine = new DockerEngine(daemon, directory);
    for (let tries = 0; ; tries++) {
      try {
        engine.docker('info');
        break;
      } catch (error) {
        if (tries > 100 || daemon.exitCode !== null) throw error;
        await sleep(200);
      }
    }
    engine.ensureGolang();
    return engine;
  }

  /** The daemon's; containerd and all builds are below it. */
  get pid(): number {
    return this.daemon.pid ?? 0;
  }

  docker(...args: string[]): string {
    return execFileSync(DOCKER, args, {
      env: this.environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  private ensureGolang(): void {
    this.ensureImage('golang:1.19', 'golang', 'golang-go,ca-certificates', [
      'ENV PATH=/usr/lib/go-1.19/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'ENV GOPATH=/go',
      'WORKDIR /go',
    ]);
  }

  /** `debian:12`: a minimal Debian. */
  ensureDebian(): void {
    this.ensureImage('debian:12', 'debian', 'ca-certificates', [
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
  }

  private ensureImage(image: string, name: string, packages: string, changes: string[]): void {
    if (this.docker('images', '-q', image).trim() !== '') return;
    const root = join(CACHE, name);
    if (!existsSync(root)) {
      // A folder that is only half there would be taken for whole the next time.
      const fresh = `${root}.new`;
      rmSync(fresh, { recursive: true, force: true });
      execFileSync('debootstrap', ['--variant=minbase', `--include=${packages}`, 'bookworm', fresh]);
      renameSync(fresh, root);
    }
    const flags = changes.map((change) => `--change '${change}'`).join(' ');
    const line = `tar -C ${root} -c . | ${DOCKER} import ${flags} - ${image}`;
    execFileSync('/bin/sh', ['-c', line], { env: this.environment });
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.daemon.once('exit', resolve));
    this.daemon.kill('SIGTERM');
    await ended;
    await rm(this.directory, { recursive: true, force: true });
  }
}
