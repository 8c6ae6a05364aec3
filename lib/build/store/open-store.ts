import { mkdirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { FairleadError } from '../../errors.ts';
import type { SharedRecords } from '../cache/shared-records.ts';
import { Store } from './store.ts';

/** The builder's cache in a directory, which is made when it is missing. Throws `build/bad-cache-dir`. */
export function openStore(directory: string, shared?: SharedRecords): Store {
  const path = resolve(directory);
  // The paths of the toolexec script and of overlay's options cannot be quoted.
  if (/[\s:,;"'\\]/.test(path)) {
    throw new FairleadError({
      code: 'build/bad-cache-dir',
      operation: 'opening the builder cache',
      place: path,
      cause: 'its path has a blank, a quote or one of : , ;',
      remedy: 'choose another directory',
    });
  }
  // Ours alone: there are programs of images that run as root here, devices, and what builds take from private places.
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return new Store(realpathSync(path), shared);
}
