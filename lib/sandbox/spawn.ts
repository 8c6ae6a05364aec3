import { spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';

export interface Spawned {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  onLine: (line: string) => void;
  signal?: AbortSignal;
}

/** A line longer than this is cut: output is for people, and a program may write without end. */
const LONGEST_LINE = 4096;

/** How many lines of one command are passed on. */
const MOST_LINES = 20_000;

// Besides the program, the group has a shell that waits for the end of descriptor 3, which this process holds open:
// however this process ends, by SIGKILL too, the rest of the group ends with it.
const SCRIPT = 'umask 022; (read -r _ <&3; kill -KILL -$$) > /dev/null 2>&1 & exec "$@" 3<&-';

/**
 * Runs a program with umask 022 and exactly this environment, in a process group of its own, which ends as a whole
 * when the program ends, when the signal aborts and when this process ends. Answers the exit code; 128 and more for a
 * signal.
 */
export async function spawnLines({ file, args, cwd, env, onLine, signal }: Spawned): Promise<number> {
  signal?.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', file, ...args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, lifeline] = child.stdio as unknown as [null, Readable, Readable, Duplex];
  lifeline.on('error', () => undefined);
  child.once('exit', () => lifeline.destroy());
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  signal?.addEventListener('abort', end, { once: true });
  try {
    const limit = { left: MOST_LINES };
    const lines = [passLines(stdout, onLine, limit), passLines(stderr, onLine, limit)];
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 137));
    });
    await Promise.all(lines);
    signal?.throwIfAborted();
    return code;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

/** Cuts a stream into lines of bounded length and number; the rest is read and dropped. */
async function passLines(
  stream: Readable,
  onLine: (line: string) => void,
  limit: { left: number },
): Promise<void> {
  let open = '';
  const pass = (line: string) => {
    if (limit.left-- > 0) onLine(line.replace(/\r$/, '').slice(0, LONGEST_LINE));
    else if (limit.left === -1) onLine('… more output was dropped');
  };
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (open + chunk).split('\n');
    open = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) pass(line);
  }
  if (open !== '') pass(open);
}
