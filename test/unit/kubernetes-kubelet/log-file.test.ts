import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LogOptions, lastOutput, readLog } from '../../../local/kubernetes/kubelet/log-file.ts';

let directory: string;
let path: string;
const line = (second: number, text: string, tag = 'F') =>
  `2026-01-01T00:00:0${second}.000000001Z stdout ${tag} ${text}\n`;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-log-'));
  path = join(directory, '0.log');
});
afterEach(() => rm(directory, { recursive: true }));

async function read(options: LogOptions, isOver = () => true): Promise<string> {
  return Buffer.concat(
    await Array.fromAsync(readLog(path, options, isOver, new AbortController().signal)),
  ).toString();
}

test.each<[LogOptions, string]>([
  [{}, 'one\nlong, in parts\ntwo\n'],
  [{ tailLines: 1 }, 'two\n'],
  [{ tailLines: 2 }, 'long, in parts\ntwo\n'],
  [{ tailLines: 0 }, ''],
  [{ tailLines: 9 }, 'one\nlong, in parts\ntwo\n'],
  [{ since: new Date('2026-01-01T00:00:03Z') }, 'two\n'],
  [{ limitBytes: 5 }, 'one\nl'],
  // As a kubelet does: the end is what is missing.
  [{ tailLines: 2, limitBytes: 6 }, 'long, '],
  [{ tailLines: 1, timestamps: true }, '2026-01-01T00:00:03.000000001Z two\n'],
])('%j', async (options, expected) => {
  await writeFile(path, line(1, 'one') + line(2, 'long, ', 'P') + line(2, 'in parts') + line(3, 'two'));
  expect(await read(options)).toBe(expected);
});

test('an older file comes first', async () => {
  await writeFile(`${path}.1`, line(1, 'older'));
  await writeFile(path, line(2, 'newer'));
  expect(await read({})).toBe('older\nnewer\n');
});

test('what is not there is empty', async () => {
  expect(await read({})).toBe('');
  expect(await lastOutput(path, 80, 2_048)).toBe('');
});

test('following sees what is added, goes on after a rotation, and ends with the container', async () => {
  await writeFile(path, line(1, 'one'));
  let isOver = false;
  const following = read({ follow: true }, () => isOver);
  const soon = () => new Promise((resolve) => setTimeout(resolve, 60));
  await soon();
  await appendFile(path, line(2, 'two').slice(0, 10));
  await soon();
  await appendFile(path, line(2, 'two').slice(10));
  await soon();
  await rename(path, `${path}.1`);
  await writeFile(path, line(3, 'three'));
  await soon();
  isOver = true;
  await appendFile(path, line(4, 'last'));
  expect(await following).toBe('one\ntwo\nthree\nlast\n');
});

test('following ends when the reader is gone', async () => {
  await writeFile(path, line(1, 'one'));
  const gone = new AbortController();
  const following = Array.fromAsync(readLog(path, { follow: true }, () => false, gone.signal));
  setTimeout(() => gone.abort(), 50);
  expect((await following).toString()).toBe('one\n');
});

test('last words are the last lines, and no more bytes than allowed', async () => {
  await writeFile(path, line(1, 'one') + line(2, 'two') + line(3, 'three'));
  expect(await lastOutput(path, 2, 2_048)).toBe('two\nthree\n');
  expect(await lastOutput(path, 2, 7)).toBe('\nthree\n');
});
