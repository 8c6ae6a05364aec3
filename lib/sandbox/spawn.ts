import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';

/** Where programs of this machine are looked for, whatever the builder was started with. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Spawned {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  onLine: (line: string) => void;
  /** What the program can read from descriptor 4. */
  input?: Buffer;
  /** Called once when there is more output than this; it then has to end the program. */
  mostBytes?: number;
  onTooMuch?: () => void;
  signal?: AbortSignal;
}

/** A line longer than this is cut: output is for people, and a program may write without end. */
export const LONGEST_LINE = 4096;

/** How many lines of one command are passed on. */
const MOST_LINES = 20_000;

// Besides the program, the group has a shell that waits for the end of descriptor 3, which this process holds open:
// however this process ends, by SIGKILL too, the rest of the group ends with it.
const LIFELINE = 'umask 022; (read -r _ <&3; kill -KILL -$$) > /dev/null 2>&1 4<&- & exec "$@" 3<&-';

// What this process was started with may be open in it, and would be in the program. Only bash closes two digits.
const BASH = '/bin/bash';
const CLOSE_IN_BASH =
  'cd /proc/self/fd; for f in *; do if [ "$f" -gt 4 ]; then eval "exec $f>&-"; fi; done; cd "$OLDPWD"; unset OLDPWD';
const CLOSE = 'exec 5>&- 6>&- 7>&- 8>&- 9>&-';

const SHELL = existsSync(BASH)
  ? [BASH, `${CLOSE_IN_BASH}; ${LIFELINE}`]
  : ['/bin/sh', `${CLOSE}; ${LIFELINE}`];

/**
 * Runs a program with umask 022, exactly this environment and no other descriptors than it should have, in a process
 * group of its own, which ends as a whole when the program ends, when the signal aborts and when this process ends.
 * Answers the exit code; 128 and more for a signal. Throws the signal's reason, and what `onLine` throws.
 */
export async function spawnLines(spawned: Spawned): Promise<number> {
  const { file, args, cwd, env, signal, input } = spawned;
  signal?.throwIfAborted();
  const [shell = '', script = ''] = SHELL;
  const child = spawn(shell, ['-c', script, 'sh', file, ...args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...(input === undefined ? [] : ['pipe' as const])],
  });
  const [, stdout, stderr, lifeline, channel] = child.stdio as unknown as [
    null,
    Readable,
    Readable,
    Duplex,
    Writable | undefined,
  ];
  lifeline.on('error', () => undefined);
  // Nobody has to read it.
  channel?.on('error', () => undefined).end(input);
  // With it the rest of its group ends.
  child.once('exit', () => lifeline.destroy());
  const end = () => {
    try {
      // The kernel may give the number of a group that is gone to another one.
      if (child.pid !== undefined && isRunning(child)) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  signal?.addEventListener('abort', end, { once: true });
  try {
    const passed = new Passed(spawned);
    const closed = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 137));
    });
    const [code] = await Promise.all([closed, passed.pass(stdout), passed.pass(stderr)]);
    signal?.throwIfAborted();
    return code;
  } catch (error) {
    end();
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Cuts streams into lines of bounded length and number; the rest is read and dropped. */
class Passed {
  readonly #spawned: Spawned;
  #linesLeft = MOST_LINES;
  #bytesLeft: number;

  constructor(spawned: Spawned) {
    this.#spawned = spawned;
    this.#bytesLeft = spawned.mostBytes ?? Number.POSITIVE_INFINITY;
  }

  async pass(stream: Readable): Promise<void> {
    let open = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream as AsyncIterable<string>) {
      this.#count(Buffer.byteLength(chunk));
      if (this.#linesLeft < 0) continue;
      const lines = (open + chunk).split('\n');
      open = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      for (const line of lines) this.#line(line);
    }
    if (open !== '') this.#line(open);
  }

  #count(bytes: number): void {
    const before = this.#bytesLeft;
    this.#bytesLeft -= bytes;
    if (before >= 0 && this.#bytesLeft < 0) this.#spawned.onTooMuch?.();
  }

  #line(line: string): void {
    const { onLine } = this.#spawned;
    if (this.#linesLeft-- > 0) onLine(line.replace(/\r$/, '').slice(0, LONGEST_LINE));
    else if (this.#linesLeft === -1) onLine('… more output was dropped');
  }
}
