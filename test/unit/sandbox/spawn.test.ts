import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { spawnLines } from '../../../lib/sandbox/spawn.ts';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../../lib/sandbox/spawn.ts')).href;
const ENV = { PATH: process.env.PATH ?? '' };

/** A shell that tells its pid and that of a process in the background, and does not end by itself. */
const ENDLESS = 'sleep 300 & echo "$$ $!"; wait';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function allEnded(pids: number[]): Promise<boolean> {
  for (let look = 0; look < 100 && pids.some(isRunning); look++) await setTimeout(50);
  return !pids.some(isRunning);
}

it.each(['SIGKILL', 'SIGTERM'] as const)(
  'leaves nothing running when its own process gets %s',
  async (signal) => {
    const spawned = JSON.stringify({ file: 'sh', args: ['-c', ENDLESS], cwd: '/', env: ENV });
    const program = `import { spawnLines } from ${JSON.stringify(MODULE)};
    await spawnLines({ ...${spawned}, onLine: (line) => console.log(line) });`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = await once(parent.stdout, 'data');
    const pids = String(text).trim().split(' ').map(Number);
    expect(pids.map(isRunning)).toEqual([true, true]);
    parent.kill(signal);
    expect(await allEnded(pids)).toBe(true);
  },
);

it('ends what its program leaves behind, and does not wait for it', async () => {
  const lines: string[] = [];
  const onLine = (line: string) => lines.push(line);
  const args = ['-c', 'sleep 300 & echo $!; exit 3'];
  expect(await spawnLines({ file: 'sh', args, cwd: '/', env: ENV, onLine })).toBe(3);
  expect(await allEnded(lines.map(Number))).toBe(true);
});

it('gives the program neither its watcher’s descriptor nor another input', async () => {
  const lines: string[] = [];
  const onLine = (line: string) => lines.push(line);
  const args = ['-c', '{ true <&3; } 2>/dev/null && echo open || echo closed; cat; umask'];
  expect(await spawnLines({ file: 'sh', args, cwd: '/', env: ENV, onLine })).toBe(0);
  expect(lines).toEqual(['closed', '0022']);
});
