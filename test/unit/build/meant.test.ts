import { describe, expect, it } from 'vitest';
import { meantPath, meantStage } from '../../../lib/build/plan/meant.ts';
import { meaningOf } from '../../../lib/build/run/exit-code.ts';
import { adviceFor } from '../../../lib/build/run/run-advice.ts';
import { newDirectory, Tree } from '../../../lib/build/tree.ts';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';

describe('meantStage', () => {
  const dockerfile = parseDockerfile(
    'FROM scratch AS builder\nFROM scratch\nCOPY --from=x a b\nFROM scratch AS later',
  );

  it.each<[string, string | undefined]>([
    ['biulder', 'no stage before this one is called biulder, did you mean builder?'],
    ['later', 'the stage later comes only in line 4: move it up, a stage takes from earlier ones'],
    ['builder', undefined],
    ['alpine', undefined],
    ['example.com/biulder', undefined],
  ])('%s: %s', (name, told) => {
    expect(meantStage(name, 1, dockerfile)).toBe(told);
  });
});

describe('meantPath', () => {
  const tree = new Tree();
  tree.set('cmd', newDirectory(0));
  for (const path of ['main.go', 'cmd/server.go', 'config.yaml'])
    tree.set(path, { ...newDirectory(0), type: 'file' });
  const ignored = (path: string) => path === 'dist' || path === 'dist/app';

  it.each<[string, string | undefined]>([
    ['mian.go', 'there is no mian.go, did you mean main.go?'],
    ['./cmd/sever.go', 'there is no cmd/sever.go, did you mean cmd/server.go?'],
    ['server.go', 'there is no server.go, but there is cmd/server.go'],
    ['dist/app', '.dockerignore leaves dist out: let it in there with a line !dist/app'],
    ['something-else-entirely', undefined],
    ['../up', undefined],
    ['.', undefined],
  ])('%s: %s', (path, told) => {
    expect(meantPath(path, tree, ignored)).toBe(told);
  });
});

describe('meaningOf', () => {
  it.each<[number, string[], string | undefined]>([
    [127, ['/bin/sh: 1: foo: not found'], 'command not found: foo'],
    [127, ['/bin/sh: foo: not found'], 'command not found: foo'],
    [127, ['bash: line 1: foo: command not found', 'more'], 'command not found: foo'],
    [127, ['unshare: failed to execute /bin/sh: No such file or directory'], 'command not found: /bin/sh'],
    [127, [], 'command not found'],
    [126, ['/app: Exec format error'], 'the program is for another processor'],
    [126, [], 'the command is there, but cannot be run'],
    [137, [], 'it was killed, most often because memory ran out'],
    [134, [], 'it was ended by SIGABRT'],
    [1, ['x: not found'], undefined],
    [255, [], undefined],
  ])('%i %j: %s', (code, said, meaning) => {
    expect(meaningOf(code, said)).toBe(meaning);
  });
});

describe('adviceFor', () => {
  it.each<[string, string | undefined]>([
    ['RUN --mount=type=secret,id=given --mount=type=secret,id=npm x', 'the secret npm was not given'],
    ['RUN --mount=type=secret,target=/a/token x', 'the secret token was not given'],
    ['RUN --mount=type=secret,id=given x', undefined],
    ["RUN ['npm', 'ci']", 'this is not JSON'],
    ['RUN ["npm", "ci",]', 'this is not JSON'],
    ['RUN [ -f x ] && y', undefined],
    ['RUN ["npm", "ci"]', undefined],
  ])('%s: %s', (text, told) => {
    const run = parseDockerfile(`FROM base\n${text}`).stages[0]?.instructions[0];
    if (run?.keyword !== 'RUN') throw new Error('no RUN');
    const advice = adviceFor(run, new Map([['given', { from: 'value', value: '1' }]]));
    expect(advice?.startsWith(told ?? 'nothing') ?? told).toBe(told === undefined ? undefined : true);
  });
});
