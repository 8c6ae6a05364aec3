import { randomUUID } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** How often a lock that somebody has is tried again. */
const LOOK_MS = 100;

/** Locks that this process has: by process id alone it could not tell its own builds from one another. */
const held = new Set<string>();

/** Takes a lock file if nobody has it: neither a build of this process nor another process that is still there. */
export function tryLock(file: string): boolean {
  if (held.has(file)) return false;
  // By a second name, so that it is never there without the id in it.
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, String(process.pid));
  try {
    if (!linked(own, file) && !(removeStale(file) && linked(own, file))) return false;
    held.add(file);
    return true;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Waits for a lock file as long as it takes; the signal's reason is thrown when that aborts. */
export async function waitForLock(file: string, onWait: () => void, signal?: AbortSignal): Promise<void> {
  for (let looks = 0; !tryLock(file); looks++) {
    if (looks === 0) onWait();
    await setTimeout(LOOK_MS);
    signal?.throwIfAborted();
  }
}

export function unlock(file: string): void {
  if (held.delete(file)) rmSync(file, { force: true });
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
  if (isOwned(file)) return false;
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return lstatSync(file, { throwIfNoEntry: false }) === undefined;
  }
  // Somebody else may have done the same, and taken it, in between: then it was theirs.
  const isMistake = isOwned(aside);
  if (isMistake) linked(aside, file);
  rmSync(aside, { force: true });
  return !isMistake;
}

function isOwned(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // A process that ended may have had our id: what we have is known.
    if (pid === process.pid) return held.has(file);
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
