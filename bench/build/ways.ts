import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { DockerEngine } from '../peer/docker.ts';

/** What one build is told: where the context is, and what the image is called. */
export interface Order {
  context: string;
  /** `HOST/PATH` and a tag. */
  repository: string;
  tag: string;
}

/** One tool, from a context to an image in the registry. */
export interface Way {
  name: string;
  /** Which of the context's Dockerfiles it builds. */
  variant: 'tutorial' | 'mounts';
  /** Forgets all that earlier builds left, but not the base images. */
  clear(): void | Promise<void>;
  build(order: Order, watch: Watch): Promise<void>;
}

/** Is told the processes of a build as soon as there are any: the roots of trees. */
export type Watch = (pids: readonly number[]) => void;

const root = join(import.meta.dirname, '..', '..');

/**
 * Ours, as a new process with its start every time. What it keeps of `base`, where commands run on one, is what it would
 * after a build of `FROM base` and a command that does nothing: the others have it unpacked, too.
 */
export function ours(folder: string, base?: string): Way {
  const cache = join(folder, 'fairlead');
  const unpacked = join(folder, 'fairlead-base');
  // As BuildKit is told here. Go commands need no sandbox, and without one there is no network to take away.
  const network = base === undefined ? [] : ['--network', 'none'];
  const fairlead = (args: string[]) => {
    const program = [join(root, 'bin', 'fairlead.js'), 'build', '--quiet', ...network, ...args];
    return spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  return {
    name: 'fairlead build --push',
    variant: 'tutorial',
    async clear() {
      forget(cache);
      if (base === undefined) return;
      if (!existsSync(unpacked)) {
        const context = join(folder, 'base');
        mkdirSync(context);
        writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nRUN true\n`);
        await finish(fairlead(['--cache-dir', unpacked, context]), () => {});
      }
      execFileSync('cp', ['--archive', unpacked, cache]);
    },
    build: ({ context, repository, tag }, watch) =>
      finish(fairlead(['--tag', `${repository}:${tag}`, '--push', '--cache-dir', cache, context]), watch),
  };
}

/** BuildKit in Debian's docker engine, which is a daemon: its memory is part of what a build takes. */
export function buildKit(docker: DockerEngine, variant: Way['variant']): Way {
  const images: string[] = [];
  return {
    name: variant === 'mounts' ? 'docker build with RUN --mount=type=cache, push' : 'docker build, push',
    variant,
    async clear() {
      for (const image of images.splice(0)) docker.docker('rmi', '--force', image);
      docker.docker('builder', 'prune', '--all', '--force');
    },
    build: async ({ context, repository, tag }, watch) => {
      const image = `${repository}:${tag}`;
      const line = `/usr/bin/docker build --quiet --network none --tag ${image} ${context} && /usr/bin/docker push --quiet ${image}`;
      const client = shell(line, docker.environment);
      await finish(client, (pids) => watch([...pids, docker.pid]));
      images.push(image);
    },
  };
}

export function buildah(folder: string): Way {
  const [storage, run] = [join(folder, 'buildah'), join(folder, 'buildah-run')];
  const buildah = `buildah --root ${storage} --runroot ${run} --storage-driver overlay`;
  const images: string[] = [];
  const isolation = '--isolation chroot';
  return {
    name: 'buildah build --layers, push',
    variant: 'tutorial',
    async clear() {
      const all = images.splice(0).join(' ');
      await finish(shell(`${buildah} rmi --force ${all} ; ${buildah} rmi --prune --force ; true`), () => {});
    },
    build: ({ context, repository, tag }, watch) => {
      const image = `${repository}:${tag}`;
      images.push(image);
      const build = `${buildah} build --quiet --layers --tls-verify=false ${isolation} --tag ${image} ${context}`;
      return finish(shell(`${build} && ${buildah} push --quiet --tls-verify=false ${image}`), watch);
    },
  };
}

/** What is left when nothing but the work is done: compile, pack, compress, upload. */
export function floor(folder: string): Way {
  const work = join(folder, 'floor');
  return {
    name: 'the floor: go build, gzip, upload',
    variant: 'tutorial',
    clear: () => forget(work),
    build: ({ context, repository, tag }, watch) => {
      mkdirSync(work, { recursive: true });
      const [host = '', ...path] = repository.split('/');
      const args = [join(import.meta.dirname, 'floor.sh'), context, work, host, path.join('/'), tag];
      return finish(spawn('/bin/bash', args, { stdio: ['ignore', 'ignore', 'pipe'] }), watch);
    },
  };
}

function shell(line: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn('/bin/sh', ['-c', line], { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** @throws Error with what the command complained of */
async function finish(child: ChildProcess, watch: Watch): Promise<void> {
  const complaints = child.stderr === null ? Promise.resolve(Buffer.of()) : buffer(child.stderr);
  if (child.pid !== undefined) watch([child.pid]);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')}: ${String(await complaints).slice(-2_000)}`);
}

/** Go's module cache is made of files that nobody may write. */
function forget(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
