import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { announce, runningClouds } from '../../../bin/running-clouds.ts';

const person = {
  region: 'us-east-1',
  accessKeyId: 'AKIA',
  secretAccessKey: 'secret',
  endpoints: { A: 'http://a' },
};
let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'fairlead-clouds-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
  return async () => {
    vi.unstubAllEnvs();
    await rm(cache, { recursive: true, force: true });
  };
});

const folder = () => join(cache, 'fairlead', 'clouds');

test('a cloud leaves word while it runs, for its person alone', async () => {
  expect(await runningClouds()).toEqual([]);
  const word = await announce(person, 'http://hook.example/');
  expect(await runningClouds()).toMatchObject([{ pid: process.pid, ...person }]);
  const [file = ''] = await readdir(folder());
  expect((await stat(join(folder(), file))).mode & 0o777).toBe(0o600);
  await word.remove();
  expect(await runningClouds()).toEqual([]);
});

test('the newest comes first, and those that are gone are passed over', async () => {
  await announce(person, 'http://hook.example/');
  const leave = (pid: number, startedAt: string) =>
    writeFile(join(folder(), `${pid}.json`), JSON.stringify({ ...person, pid, startedAt }));
  await leave(1, '2999-01-01T00:00:00Z');
  // Above what the kernel gives (proc(5), pid_max).
  await leave(2 ** 30, '2999-01-02T00:00:00Z');
  await writeFile(join(folder(), 'half.json'), '{');
  expect((await runningClouds()).map(({ pid }) => pid)).toEqual([1, process.pid]);
});

test('a cloud runs also where word cannot be left', async () => {
  await writeFile(join(cache, 'fairlead'), 'a file');
  await (await announce(person, 'http://hook.example/')).remove();
  expect(await runningClouds()).toEqual([]);
});
