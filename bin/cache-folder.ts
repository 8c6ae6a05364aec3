import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What paths of caches cannot have: they are named in GOFLAGS, in PATH and in the options of overlay mounts. */
const AWKWARD = /[\s"'\\:,;]/;

/**
 * The folder for what the next cloud can use too: in the checkout, in the person's own caches (XDG Base Directory
 * Specification), or, to be lost with this cloud, below `stateDir`; the first of them that can be written to and has a
 * plain path.
 */
export async function cacheFolder(checkout: string, stateDir: string): Promise<string> {
  for (const folder of [join(checkout, '.fairlead', 'cache'), ownCache()])
    if (!AWKWARD.test(folder) && (await isWritable(folder))) return folder;
  const folder = join(stateDir, 'cache');
  await mkdir(folder, { recursive: true });
  return folder;
}

/** The folder in the person's own caches. */
export function ownCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fairlead');
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
