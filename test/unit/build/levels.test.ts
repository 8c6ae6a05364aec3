import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { Levels } from '../../../lib/build/disk/levels.ts';
import { Store } from '../../../lib/build/store/store.ts';
import type { Change } from '../../../lib/build/tree.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

function file(mtime: number, sha: string): Change {
  return { path: 'a', node: { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime, size: 1, sha } };
}

it('a level is found by all that a command can see of it, and of what is below it', async () => {
  const store = new Store(scratch.directory());
  const levels = new Levels(store);
  mkdirSync(store.path('roots'), { recursive: true });
  const made = store.path('made');
  mkdirSync(made);
  writeFileSync(`${made}/a`, 'x');
  await levels.keep(made, 'base', [file(5, 'aa')]);
  const covered = (base: string, change: Change) => levels.find(base, [change], [1]).covered;
  expect(covered('base', file(5, 'aa'))).toBe(1);
  expect(covered('base', file(6, 'aa'))).toBe(0);
  expect(covered('base', file(5, 'bb'))).toBe(0);
  expect(covered('another', file(5, 'aa'))).toBe(0);
});
