import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ReadyFile } from '../../../bin/ready-file.ts';

const READY = {
  git: 'http://g',
  hosts: { github: 'http://g' },
  registry: 'http://r',
  kubeconfig: '/k',
  webhook: 'http://w',
  pid: 7,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-ready-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('says nothing before it is written, also where an earlier cloud left a file', async () => {
  await writeFile(join(folder, 'ready.json'), 'of an earlier cloud');
  const file = await ReadyFile.prepare('ready.json', folder);
  expect(await readdir(folder)).toEqual([]);
  await file.write(READY);
  expect(await readdir(folder)).toEqual(['ready.json']);
  expect(JSON.parse(await readFile(join(folder, 'ready.json'), 'utf8'))).toEqual(READY);
  await file.remove();
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  ['absent/ready.json', /^--ready-file absent\/ready\.json: there is no folder .*absent; make it first$/],
  ['file/ready.json', /there is no folder .*file/],
  ['taken', /^--ready-file taken: it is a folder; name a file$/],
])('refuses %s before anything is started', async (path, message) => {
  await mkdir(join(folder, 'taken'));
  await writeFile(join(folder, 'file'), '');
  await expect(ReadyFile.prepare(path, folder)).rejects.toThrow(message);
  expect((await readdir(folder)).sort()).toEqual(['file', 'taken']);
});
