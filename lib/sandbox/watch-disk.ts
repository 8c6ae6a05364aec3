import { lstatSync, opendirSync, statfsSync } from 'node:fs';

const LOOK_MS = 250;

/** Where a command can write to disk. */
export interface Written {
  /** A directory of the file system that is watched. */
  directory: string;
  /** Directories that held nothing when it began. */
  own: readonly string[];
  /** Directories that held something, of which counts what it wrote. */
  others: readonly string[];
}

/**
 * Calls `onTooMuch` once when the command wrote more than `limit` bytes. Looks at the free space of the file system,
 * which costs nothing, and only when that shrank as much at what is in the directories.
 */
export function watchDisk(
  { directory, own, others }: Written,
  limit: number,
  onTooMuch: () => void,
): NodeJS.Timeout {
  const before = used(directory);
  // Clocks of file systems are a little behind.
  const since = Date.now() - LOOK_MS;
  let checked = before;
  const timer = setInterval(() => {
    const now = used(directory);
    if (now - before <= limit || now - checked < limit / 20) return;
    checked = now;
    const places = [...own.map((top) => ({ top, since: 0 })), ...others.map((top) => ({ top, since }))];
    if (holdMore(places, limit)) {
      clearInterval(timer);
      onTooMuch();
    }
  }, LOOK_MS);
  return timer;
}

function used(directory: string): number {
  const { blocks, bfree, bsize } = statfsSync(directory);
  return (blocks - bfree) * bsize;
}

function holdMore(places: readonly { top: string; since: number }[], limit: number): boolean {
  let bytes = 0;
  for (const { top, since } of places) {
    const todo = [top];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      for (const [name, isDirectory] of entries(at)) {
        const path = `${at}/${name}`;
        const stat = lstatSync(path, { throwIfNoEntry: false });
        if (stat !== undefined && stat.ctimeMs >= since) bytes += stat.blocks * 512;
        if (bytes > limit) return true;
        if (isDirectory) todo.push(path);
      }
    }
  }
  return false;
}

// The command goes on while we look: a directory may be gone, or not ours to read.
function* entries(directory: string): Generator<[string, boolean]> {
  try {
    const opened = opendirSync(directory);
    try {
      for (let entry = opened.readSync(); entry !== null; entry = opened.readSync())
        yield [entry.name, entry.isDirectory()];
    } finally {
      opened.closeSync();
    }
  } catch {
    return;
  }
}
