import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { makeStateFolder } from '../../../bin/state-folder.ts';

it('is removed by the next cloud when its own was killed, and left alone while that runs', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'fairlead-states-'));
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const pids = { killed: ended, running: process.pid, making: '' };
  for (const [name, pid] of Object.entries(pids)) {
    await mkdir(join(parent, `fairlead-cloud-${name}`));
    await writeFile(join(parent, `fairlead-cloud-${name}`, 'pid'), String(pid));
  }
  const made = await makeStateFolder(parent);
  expect(await readFile(join(made, 'pid'), 'utf8')).toBe(String(process.pid));
  const left = ['fairlead-cloud-making', 'fairlead-cloud-running', basename(made)];
  expect((await readdir(parent)).sort()).toEqual(left.sort());
  await rm(parent, { recursive: true });
});
