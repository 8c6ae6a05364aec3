import { execFile, spawn } from 'node:child_process';
import { accessSync, createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import tar from 'tar-stream';
import type { ImageConfig, RunConfig } from '../../../lib/image/types.ts';
import { type Files, flatten } from '../../unit/build/support.ts';

const execute = promisify(execFile);

// Debian's own client: it has BuildKit's client in it, where a newer one wants a plugin.
const CLIENT = '/usr/bin/docker';

export interface Result {
  files: Files;
  config: RunConfig;
}

/** Why there is no Docker to compare with; nothing when there is one. */
export function whyNoDocker(): string | undefined {
  if (process.getuid?.() !== 0) return 'dockerd needs root';
  for (const program of [CLIENT, '/usr/sbin/dockerd', '/usr/bin/docker-registry', '/bin/busybox']) {
    if (!existsSync(program))
      return `${program} is missing: install docker.io, docker-registry and busybox-static`;
  }
  return undefined;
}

/** A Docker daemon of our own, with BuildKit: in its own directory, without a network of its own. */
export class Docker {
  readonly #directory = mkdtempSync(join(tmpdir(), 'fairlead-dockerd-'));
  readonly #socket = join(this.#directory, 'docker.sock');
  readonly #daemon = spawn(
    '/usr/sbin/dockerd',
    [
      ...['-H', `unix://${this.#socket}`, '--data-root', join(this.#directory, 'data')],
      ...['--exec-root', join(this.#directory, 'exec'), '--pidfile', join(this.#directory, 'pid')],
      ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=vfs'],
    ],
    { stdio: 'ignore' },
  );

  async start(): Promise<this> {
    for (let attempt = 0; attempt < 300; attempt++) {
      if (this.#daemon.exitCode !== null) throw new Error(`dockerd ended with ${this.#daemon.exitCode}`);
      try {
        accessSync(this.#socket);
        await this.#docker('version');
        return this;
      } catch {
        await setTimeout(100);
      }
    }
    throw new Error('dockerd does not answer');
  }

  /** What BuildKit makes of a Dockerfile. */
  async build(context: string, args: string[]): Promise<Result> {
    const tag = `case:${process.hrtime.bigint()}`;
    await this.#docker('build', '--network=host', '-t', tag, ...args, context);
    const archive = join(this.#directory, 'saved.tar');
    await this.#docker('save', '-o', archive, tag);
    return readArchive(archive);
  }

  async close(): Promise<void> {
    this.#daemon.kill('SIGTERM');
    if (this.#daemon.exitCode === null) await new Promise((resolve) => this.#daemon.once('exit', resolve));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #docker(...args: string[]): Promise<void> {
    const env = { ...process.env, DOCKER_HOST: `unix://${this.#socket}`, DOCKER_BUILDKIT: '1' };
    await execute(CLIENT, args, { env, maxBuffer: 16 * 1024 * 1024 });
  }
}

async function readArchive(archive: string): Promise<Result> {
  const members = new Map<string, Buffer>();
  const extract = tar.extract();
  createReadStream(archive).pipe(extract);
  for await (const entry of extract) {
    const bytes = await buffer(entry);
    // The same layer twice is a symlink to the first.
    const target =
      entry.header.type === 'symlink' ? join(entry.header.name, '..', entry.header.linkname ?? '') : '';
    members.set(entry.header.name, members.get(target) ?? bytes);
  }
  const [manifest] = JSON.parse(String(members.get('manifest.json'))) as {
    Config: string;
    Layers: string[];
  }[];
  if (manifest === undefined) throw new Error('the archive has no manifest');
  const { config } = JSON.parse(String(members.get(manifest.Config))) as ImageConfig;
  const layers = manifest.Layers.map((name) => members.get(name) as Buffer);
  return { files: await flatten(layers), config: config ?? {} };
}
