import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eachLine } from '../lambda/lines.ts';
import { removeFolder } from '../lambda/remove-folder.ts';

export interface MachineOptions {
  /** The Node.js binary that runs the server. */
  node: string;
  /** The server, as esbuild wrote it. */
  entry: string;
  /** Its disk. Unix sockets are made in it: its path is short. */
  folder: string;
  /** Of unshare(1). */
  flags: readonly string[];
  environment: Readonly<Record<string, string>>;
  onLine(line: string): void;
}

const HOOKS = '/aws/lambda-microvms/runtime/v1';
const BOOT_MS = 20_000;

/**
 * The process that stands in for a MicroVM. It ends with this one, however that goes: the kernel kills it when its
 * parent dies, stopped or not, and everything in its PID namespace with it.
 */
export class Machine {
  readonly #options: MachineOptions;
  readonly #child: ChildProcess;
  /** Why it ended; resolved when it did. */
  readonly ended: Promise<string>;
  #over = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    const { folder, flags, node, entry, environment } = options;
    for (const name of ['tmp', 'cache']) mkdirSync(join(folder, name), { recursive: true });
    const argv = ['--pdeathsig', 'KILL', 'unshare', ...flags, node, entry];
    this.#child = spawn('setpriv', argv, {
      cwd: folder,
      env: {
        ...environment,
        HOME: folder,
        TMPDIR: join(folder, 'tmp'),
        CACHE_DIR: join(folder, 'cache'),
        LISTEN: this.socket(8080),
        LISTEN_HOOKS: this.socket(9000),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null)
        eachLine(stream, (line) => {
          if (/error/i.test(line)) said = `: ${line.trim().slice(0, 300)}`;
          options.onLine(line);
        });
    this.ended = new Promise((resolve) => {
      const end = (why: string) => {
        this.#over = true;
        resolve(why);
      };
      this.#child.on('error', (error) => end(error.message));
      this.#child.on('exit', (code, signal) => end(`${signal ?? `exit status ${code}`}${said}`));
    });
  }

  /** Where what it listens to on `port` is found. */
  socket(port: number): string {
    return join(this.#options.folder, `${port}.sock`);
  }

  /** Waits until the server is up. Throws when it does not come up. */
  async boot(): Promise<void> {
    for (const deadline = Date.now() + BOOT_MS; ; await sleep(25)) {
      if ((await this.hook('ready', '').catch(() => 0)) === 200) return;
      if (this.#over) throw new Error(`it ended while it started: ${await this.ended}`);
      if (Date.now() > deadline) throw new Error('its ready hook does not answer');
    }
  }

  /** Calls a lifecycle hook. @returns the HTTP status */
  hook(name: string, body: string, timeout = 5_000): Promise<number> {
    return new Promise((resolve, reject) => {
      const call = request(
        { socketPath: this.socket(9000), method: 'POST', path: `${HOOKS}/${name}`, timeout },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      call.on('timeout', () => call.destroy(new Error('timed out')));
      call.on('error', reject);
      call.end(body);
    });
  }

  stop(): void {
    this.#signal('SIGSTOP');
  }

  continue(): void {
    this.#signal('SIGCONT');
  }

  /** Ends it and removes its disk. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.ended;
    await removeFolder(this.#options.folder);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#over) return;
    for (const each of [pid, ...descendants(pid)]) {
      try {
        process.kill(each, signal);
      } catch {
        // It is gone already.
      }
    }
  }
}

/** All processes that descend from `root`, wherever they are in process groups. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (const queue = [root]; queue.length > 0; ) {
    const below = children.get(queue.shift() ?? 0) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

/** Field 4 of /proc/PID/stat; the program's name before it may have blanks and parentheses. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
