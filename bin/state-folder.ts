import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from '../lib/build/store/lock.ts';

/** Where clouds keep their state. Not below TMPDIR where that is deep: paths of Unix sockets end at 107 bytes. */
const STATES = tmpdir().length < 40 ? tmpdir() : '/tmp';
const PREFIX = 'fairlead-cloud-';
const PID_FILE = 'pid';

/** Makes an empty folder for the state of this process's cloud, and removes those of clouds that were killed. */
export async function makeStateFolder(parent = STATES): Promise<string> {
  await removeOrphans(parent);
  const directory = await mkdtemp(join(parent, PREFIX));
  await writeFile(join(directory, PID_FILE), String(process.pid));
  return directory;
}

async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(parent, name);
    const pid = Number.parseInt(await readFile(join(directory, PID_FILE), 'utf8').catch(() => ''), 10);
    // Without a number it is somebody else's, or one that is just being made.
    if (Number.isInteger(pid) && !isRunning(pid)) await rm(directory, { recursive: true, force: true });
  }
}
