import { lstatSync, opendirSync, statfsSync } from 'node:fs';

const LOOK_MS = 250;

/**
 * Calls `onTooMuch` once when `upper` grew by more than `limit` bytes. Looks at the free space of its file system, which
 * costs nothing, and only when that shrank as much at what is in the directory.
 */
export function watchDisk(
  directory: string,
  upper: string,
  limit: number,
  onTooMuch: () => void,
): NodeJS.Timeout {
  const before = used(directory);
  let checked = before;
  const timer = setInterval(() => {
    const now = used(directory);
    if (now - before <= limit || now - checked < limit / 20) return;
    checked = now;
    if (holdsMore(upper, limit)) {
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

function holdsMore(directory: string, limit: number): boolean {
  const todo = [directory];
  let bytes = 0;
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    for (const [name, isDirectory] of entries(at)) {
      const path = `${at}/${name}`;
      bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
      if (bytes > limit) return true;
      if (isDirectory) todo.push(path);
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
