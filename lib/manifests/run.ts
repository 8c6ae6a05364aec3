import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** How a program is run, and what for. */
export interface Program {
  /** Absolute path. */
  path: string;
  args: readonly string[];
  /** Where it is run. */
  directory: string;
  limits?: Partial<Limits>;
}

export interface Limits {
  /** ms */
  time: number;
  /** Bytes of its output. */
  output: number;
  /** KiB that it may have in its address space. */
  memory: number;
}

const LIMITS: Limits = { time: 20_000, output: 4 * 1024 * 1024, memory: 4 * 1024 * 1024 };
/** Bytes of what it complains about that are kept. */
const MOST_COMPLAINT = 16 * 1024;

/** How it ended. */
export type Ran =
  | { is: 'done'; output: string }
  /** What it wrote to its standard error. */
  | { is: 'failed'; complaint: string }
  | { is: 'too-slow' | 'too-much' };

/**
 * Runs a program on what somebody committed: it has none of this process's variables, so no credentials; no other
 * programs on its PATH; its caches in a folder that is removed; and no way to other machines by HTTP, because its proxy
 * is a port at which nobody listens.
 */
export async function run({ path, args, directory, limits }: Program): Promise<Ran> {
  const home = await mkdtemp(join(tmpdir(), 'fairlead-render-'));
  try {
    await mkdir(join(home, 'bin'));
    const { time, output, memory } = { ...LIMITS, ...limits };
    // The shell is there for its ulimit only: Node cannot set one for a child.
    const child = spawn('/bin/sh', ['-c', 'ulimit -v "$0" && exec "$@"', String(memory), path, ...args], {
      cwd: directory,
      env: environment(home),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    return await ended(child, time, output);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const NOWHERE = 'http://127.0.0.1:9';

function environment(home: string): Record<string, string> {
  return {
    HOME: home,
    TMPDIR: home,
    PATH: join(home, 'bin'),
    KUBECONFIG: join(home, 'no-cluster'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_DATA_HOME: join(home, 'data'),
    HELM_CACHE_HOME: join(home, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(home, 'helm', 'config'),
    HELM_DATA_HOME: join(home, 'helm', 'data'),
    HELM_PLUGINS: join(home, 'helm', 'plugins'),
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    http_proxy: NOWHERE,
    https_proxy: NOWHERE,
  };
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

async function ended(child: Child, time: number, most: number): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const stop = (why: 'too-slow' | 'too-much') => {
    resolve({ is: why });
    killGroup(child);
  };
  const timer = setTimeout(() => stop('too-slow'), time);
  const chunks: Buffer[] = [];
  let size = 0;
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > most) stop('too-much');
    else chunks.push(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-MOST_COMPLAINT);
  });
  child.on('error', (error) => resolve({ is: 'failed', complaint: error.message }));
  child.on('close', (code) =>
    resolve(
      code === 0
        ? { is: 'done', output: Buffer.concat(chunks).toString('utf8') }
        : { is: 'failed', complaint },
    ),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** With whatever it has started. */
function killGroup({ pid }: Child): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
