import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Person } from '../local/identities.ts';
import { ownCache } from './cache-folder.ts';

/** A local cloud that is up, as others on this machine may use it. */
export interface RunningCloud extends Person {
  pid: number;
  /** ISO 8601 */
  startedAt: string;
  /** Where git hosts send their webhooks. */
  webhook: string;
}

const FOLDER = 'clouds';

/**
 * Leaves word of the cloud of this process in the person's own caches: no checkout has to be known to find it. Where they
 * cannot be written to, the cloud runs all the same.
 */
export async function announce(person: Person, webhook: string): Promise<{ remove(): Promise<void> }> {
  const folder = join(ownCache(), FOLDER);
  const isThere = await mkdir(folder, { recursive: true, mode: 0o700 }).then(
    () => true,
    () => false,
  );
  if (!isThere) return { remove: async () => {} };
  const file = join(folder, `${process.pid}.json`);
  const { region, accessKeyId, secretAccessKey, endpoints } = person;
  const cloud: RunningCloud = {
    ...{ pid: process.pid, startedAt: new Date().toISOString(), webhook },
    ...{ region, accessKeyId, secretAccessKey, endpoints },
  };
  // Renamed into place, so that nobody reads half of it.
  const part = `${file}.part`;
  await writeFile(part, JSON.stringify(cloud), { mode: 0o600 });
  await rename(part, file);
  return { remove: () => rm(file, { force: true }) };
}

/** The clouds that are up, the newest first; what others left behind that are gone is passed over. */
export async function runningClouds(): Promise<RunningCloud[]> {
  const found = await cloudsIn(join(ownCache(), FOLDER));
  return found
    .filter(({ pid }) => isAlive(pid))
    .sort((one, other) => (one.startedAt < other.startedAt ? 1 : -1));
}

async function cloudsIn(folder: string): Promise<RunningCloud[]> {
  const names = await readdir(folder).catch(() => []);
  const read = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => {
      try {
        return [JSON.parse(await readFile(join(folder, name), 'utf8')) as RunningCloud];
      } catch {
        // It went meanwhile, or is somebody else's.
        return [];
      }
    });
  return (await Promise.all(read)).flat();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
