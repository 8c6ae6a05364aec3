import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the ready file says (README.md, "Push your own app"). */
export interface Ready {
  git: string;
  /** By kind: `github`, `gitea`, `gitlab`, `bitbucket`. */
  hosts: Record<string, string>;
  registry: string;
  kubeconfig: string;
  webhook: string;
  pid: number;
}

/** A local cloud in a process of its own, started as a script would: `npm run local -- --ready-file FILE`. */
export class LocalCloud {
  readonly ready: Ready;
  private readonly child: ChildProcess;
  private readonly directory: string;
  private readonly output: string[];

  private constructor(child: ChildProcess, directory: string, ready: Ready, output: string[]) {
    this.child = child;
    this.directory = directory;
    this.ready = ready;
    this.output = output;
  }

  static async start(environment: Record<string, string> = {}, args: string[] = []): Promise<LocalCloud> {
    const directory = await mkdtemp(join(tmpdir(), 'fairlead-e2e-'));
    const readyFile = join(directory, 'ready.json');
    const root = join(import.meta.dirname, '..', '..', '..');
    const output: string[] = [];
    const child = spawn(
      process.execPath,
      [join(root, 'bin', 'local.ts'), '--ready-file', readyFile, ...args],
      {
        cwd: root,
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
    for (const deadline = Date.now() + 90_000; ; await sleep(50)) {
      const text = await readFile(readyFile, 'utf8').catch(() => '');
      if (text !== '') return new LocalCloud(child, directory, JSON.parse(text), output);
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the local cloud did not come up:\n${output.join('')}`);
    }
  }

  /** What it has printed so far. */
  get printed(): string {
    return this.output.join('');
  }

  /** Sends `signal` and waits for the end. @returns the exit code, or the signal that ended it */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill(signal);
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
    return this.child.exitCode ?? this.child.signalCode;
  }
}
