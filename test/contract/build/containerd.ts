import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Debian's containerd, started for itself in its own directory. */
export class Containerd {
  readonly #directory = mkdtempSync(join(tmpdir(), 'fairlead-containerd-'));
  readonly #socket = join(this.#directory, 'containerd.sock');
  #daemon: ReturnType<typeof spawn> | undefined;

  async start(): Promise<this> {
    const config = `version = 2
root = "${this.#directory}/root"
state = "${this.#directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${this.#socket}"
`;
    writeFileSync(join(this.#directory, 'config.toml'), config);
    // A mount namespace of its own, so that none of its mounts outlives it.
    const command = ['containerd', '--config', join(this.#directory, 'config.toml')];
    const flags = [
      '--mount',
      '--propagation=private',
      '--pid',
      '--mount-proc',
      '--fork',
      '--kill-child=SIGKILL',
    ];
    this.#daemon = spawn('setpriv', ['--pdeathsig=KILL', 'unshare', ...flags, ...command], {
      stdio: 'ignore',
    });
    for (let attempt = 0; attempt < 100; attempt++) {
      const answers = await this.ctr('version').then(
        () => true,
        () => false,
      );
      if (answers) return this;
      await setTimeout(100);
    }
    throw new Error('containerd does not answer');
  }

  async ctr(...args: string[]): Promise<string> {
    const { stdout } = await execute('ctr', ['--address', this.#socket, ...args]);
    return stdout;
  }

  async close(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon !== undefined && daemon.exitCode === null && daemon.signalCode === null) {
      const exit = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGKILL');
      await exit;
    }
    await setTimeout(200);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
