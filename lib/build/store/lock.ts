import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** How often a lock that somebody has is tried again. */
const LOOK_MS = 100;

/**
 * Takes a lock file if nobody has it: no build of this process, and no other process of this machine that is still there.
 * Processes that do not see each other (containers with a cache directory in common) do not see each other's locks.
 */
export function tryLock(file: string): boolean {
  // By a second name, so that it is never there without its owner in it.
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, `${process.pid} ${startOf(process.pid)}`);
  try {
    return tryLockAs(own, file);
  } finally {
    rmSync(own, { force: true });
  }
}

/** The same for who has the lock file `own` already: it becomes a name of that, which even a full disk has room for. */
export function tryLockAs(own: string, file: string): boolean {
  return linked(own, file) || (removeStale(file) && linked(own, file));
}

/** Waits for a lock file as long as it takes; the signal's reason is thrown when that aborts. */
export async function waitForLock(file: string, onWait: () => void, signal?: AbortSignal): Promise<void> {
  for (let looks = 0; !tryLock(file); looks++) {
    if (looks === 0) onWait();
    // What is waited for may take hours: a signal ends the waiting at once.
    await setTimeout(LOOK_MS, undefined, signal && { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }
}

/** Gives back a lock that was taken. */
export function unlock(file: string): void {
  rmSync(file, { force: true });
}

/** Whether the process that took a lock is still there to give it back. */
export function isHeld(file: string): boolean {
  const [pid = 0, start] = ownerIn(file);
  if (!(pid > 0) || !isRunning(pid)) return false;
  return start === undefined || start === startOf(pid);
}

function ownerIn(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Whether there is a process of this number, whoever's it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
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

function linked(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Whether the lock was nobody's, its owner having been cut off; it is gone then. */
function removeStale(file: string): boolean {
  if (isHeld(file)) return false;
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return lstatSync(file, { throwIfNoEntry: false }) === undefined;
  }
  // Somebody else may have done the same, and taken it, in between: then it was theirs.
  const isMistake = isHeld(aside);
  if (isMistake) linked(aside, file);
  rmSync(aside, { force: true });
  return !isMistake;
}
