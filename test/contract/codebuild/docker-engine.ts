import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Why there is no docker engine to be had; nothing when there is one. */
export function whyNoDocker(): string | undefined {
  if (process.getuid?.() !== 0) return 'dockerd needs root';
  const programs = [
    '/usr/sbin/dockerd',
    '/usr/bin/docker',
    '/usr/bin/docker-registry',
    '/bin/busybox',
    '/sbin/ip',
  ];
  const missing = programs.find((program) => !existsSync(program));
  return missing === undefined ? undefined : `${missing} is missing`;
}

/**
 * Debian's docker engine as a build machine has it: RUN has a network. It is that of a bridge without addresses
 * translated, which is removed at the end.
 */
export class DockerEngine {
  readonly #directory = mkdtempSync(join(tmpdir(), 'fairlead-engine-'));
  readonly #bridge = `flcb${process.pid % 100_000}`;
  #daemon: ChildProcess | undefined;

  /** What docker's client finds it by. */
  readonly host = `unix://${join(this.#directory, 'docker.sock')}`;

  async start(): Promise<this> {
    execFileSync('/sbin/ip', ['link', 'add', this.#bridge, 'type', 'bridge']);
    execFileSync('/sbin/ip', ['address', 'add', '10.213.77.1/24', 'dev', this.#bridge]);
    this.#daemon = spawn(
      '/usr/sbin/dockerd',
      [
        ...['--host', this.host, '--data-root', join(this.#directory, 'data')],
        ...['--exec-root', join(this.#directory, 'exec'), '--pidfile', join(this.#directory, 'pid')],
        ...['--bridge', this.#bridge, '--iptables=false', '--ip6tables=false', '--ip-masq=false'],
        '--storage-driver=vfs',
      ],
      { stdio: 'ignore' },
    );
    const env = { ...process.env, DOCKER_HOST: this.host };
    for (let attempt = 0; attempt < 200; attempt++) {
      if (this.#daemon.exitCode !== null) throw new Error(`dockerd ended with ${this.#daemon.exitCode}`);
      const answer = promisify(execFile)('/usr/bin/docker', ['version'], { env });
      if (await answer.then(Boolean, () => false)) return this;
      await sleep(100);
    }
    throw new Error('dockerd does not answer');
  }

  async close(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon !== undefined && daemon.exitCode === null) {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await ended;
    }
    execFileSync('/sbin/ip', ['link', 'delete', this.#bridge]);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
