import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FairleadError } from '../../errors.ts';
import { tryLock, unlock } from './lock.ts';

/** A directory that one build has for itself until it gives it back. */
export interface Slot {
  directory: string;
  release(): void;
}

const MOST_SLOTS = 64;

/**
 * Takes the first free one of the directories `<parent>/<name>-0`, `-1`, …: the same build gets the same directory as
 * last time, unless another one has it now. Which of them it gets does not show in the image. Throws `build/busy`.
 */
export function takeSlot(parent: string, name: string): Slot {
  mkdirSync(parent, { recursive: true });
  for (let number = 0; number < MOST_SLOTS; number++) {
    const directory = join(parent, `${name}-${number}`);
    const lock = `${directory}.lock`;
    if (!tryLock(lock)) continue;
    mkdirSync(directory, { recursive: true });
    return { directory, release: () => unlock(lock) };
  }
  throw new FairleadError({
    code: 'build/busy',
    operation: 'looking for a place to build in',
    cause: `${MOST_SLOTS} builds of this Dockerfile are running already`,
    remedy: 'wait for one of them to end',
    temporary: true,
  });
}
