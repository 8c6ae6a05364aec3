import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseGitReference } from '../../../lib/build/add/git-reference.ts';
import { unxz } from '../../../lib/build/add/xz.ts';
import { parseScript } from '../../../lib/build/go/shell.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const MANY = 100_000;

it('reads a git source in time that grows with it', () => {
  expect(parseGitReference(`a@b:${'?'.repeat(MANY)}\n`)).toBeUndefined();
  expect(parseGitReference('git@h:p?subdir=d#r')).toEqual({
    transport: 'ssh',
    remote: 'git@h:p',
    subdirectory: 'd',
    ref: 'r',
  });
}, 5_000);

it('looks for brace expansions in time that grows with the word', () => {
  expect(parseScript(`echo x{${','.repeat(MANY)}`)).toHaveLength(1);
  expect(parseScript('echo {} a}.{b')).toHaveLength(1);
  for (const word of ['{a,b}', 'x{1..2}', '{}{.}'])
    expect(() => parseScript(`echo ${word}`)).toThrow('brace');
}, 5_000);

it('does not look through padding of xz without end', async () => {
  const file = join(scratch.directory(), 'a.xz');
  writeFileSync(file, Buffer.alloc(8 * 1024 ** 2));
  await expect(unxz(file).next()).rejects.toThrow('more padding');
}, 10_000);
