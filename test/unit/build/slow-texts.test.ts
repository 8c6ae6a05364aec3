import { expect, it } from 'vitest';
import { parseGitReference } from '../../../lib/build/add/git-reference.ts';
import { parseScript } from '../../../lib/build/go/shell.ts';

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
