import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FairleadError } from '../errors.ts';

/** A directory that one build has for itself until it gives it back. */
export interface Slot {
  directory: string;
  release(): void;
}

const MOST_SLOTS = 64;

/**
 * Takes the first free one of the directories `<parent>/<name>-0`, `-1`, …: the same build gets the same directory as
 * last time, unless another one has it now. Which of them it gets does not show in the image.
 */
export function takeSlot(parent: string, name: string): Slot {
  mkdirSync(parent, { recursive: true });
  for (let number = 0; number < MOST_SLOTS; number++) {
    const directory = join(parent, `${name}-${number}`);
    const lock = `${directory}.lock`;
    if (!takeLock(lock)) continue;
    mkdirSync(directory, { recursive: true });
    return { directory, release: () => rmSync(lock, { force: true }) };
  }
  throw new FairleadError({
    code: 'build/busy',
    operation: 'looking for a place to build in',
    cause: `${MOST_SLOTS} builds of this Dockerfile are running already`,
    remedy: 'wait for one of them to end',
    temporary: true,
  });
}

function takeLock(lock: string): boolean {
  for (const attempt of ['first', 'second']) {
    try {
      const file = openSync(lock, 'wx');
      writeSync(file, `${process.pid} ${startOf(process.pid)}`);
      closeSync(file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // Its owner was cut off: the lock is nobody's.
      if (attempt === 'second' || isHeld(lock)) return false;
      rmSync(lock, { force: true });
    }
  }
  return false;
}

/** Whether the build that took `lock` is still there to give it back. */
export function isHeld(lock: string): boolean {
  try {
    const [pid = 0, start] = readFileSync(lock, 'utf8').split(' ').map(Number);
    // Between making it and writing into it.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return start === undefined || start === startOf(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process began, in ticks since the machine did: another one may have the same number later (proc(5), stat). */
function startOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return 0;
  }
}
