// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { describe, expect, it } from 'vitest';
import { runKey } from '../../../lib/build/run/run-key.ts';
import { argvOf, inlineProgram } from '../../../lib/build/stage/config.ts';
import type { StageState } from '../../../lib/build/stage/stage-state.ts';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';
import type { RunInstruction } from '../../../lib/dockerfile/types.ts';

function run(text: string): RunInstruction {
  const found = parseDockerfile(`FROM base\n${text}`).stages[0]?.instructions[0];
  if (found?.keyword !== 'RUN') throw new Error('no RUN');
  return found;
}

describe('what a RUN runs', () => {
  it.each<[string, string[]]>([
    ['RUN a b', ['/bin/sh', '-c', 'a b']],
    ['RUN ["a", "b"]', ['a', 'b']],
    ['RUN <<E\na\nb\nE', ['/bin/sh', '-c', 'a\nb\n']],
    ["RUN <<-'E'\n\ta $x\n\tE", ['/bin/sh', '-c', 'a $x\n']],
    ['RUN <<E cat\na\nE', ['/bin/sh', '-c', '<<E cat\na\nE']],
    ["RUN cat <<'A' && cat <<-B\n$1\nA\n\t2\n\tB", ['/bin/sh', '-c', "cat <<'A' && cat <<-B\n$1\nA\n2\nB"]],
    ['RUN <<E\n#!/usr/bin/env python3\nprint(1)\nE', ['/dev/pipes/E']],
    ['RUN <<E python3\n#!x\nE', ['/bin/sh', '-c', '<<E python3\n#!x\nE']],
  ])('is for %j', (text, argv) => {
    expect(argvOf(run(text).command, {})).toEqual(argv);
  });

  it('goes to the shell of the stage', () => {
    expect(argvOf(run('RUN <<E\na\nE').command, { Shell: ['/s', '-x'] })).toEqual(['/s', '-x', 'a\n']);
  });

  it('is itself a program when its here-document says so', () => {
    const content = '#!/bin/x\n$y\n';
    expect(inlineProgram(run(`RUN <<E\n${content}E`).command)).toEqual({ path: '/dev/pipes/E', content });
    expect(inlineProgram(run('RUN <<E\na\nE').command)).toBeUndefined();
    expect(inlineProgram(run('RUN #!a').command)).toBeUndefined();
  });
});

describe('runKey', () => {
  const state = {
    key: 'k',
    config: { WorkingDir: '/' },
    platform: { os: 'linux', architecture: 'amd64' },
    keyedEnvironment: [['a', '1']],
  } as unknown as StageState;
  const keyOf = (text: string) => runKey(run(text), state, ['e', 1, 'root'], 0);

  it('is another one for each of these', () => {
    const texts = [
      'RUN a',
      'RUN b',
      'RUN ["a"]',
      'RUN <<E\na\nE',
      'RUN <<E\nb\nE',
      'RUN <<E\n#!a\nE',
      'RUN <<E\n#!b\nE',
      'RUN cat <<E\n1\nE',
      'RUN cat <<E\n2\nE',
      'RUN --network=none a',
      'RUN --security=insecure a',
      'RUN --mount=type=cache,target=/x a',
      'RUN --mount=type=cache,target=/y a',
      'RUN --mount=type=cache,target=/x,id=z a',
      'RUN --mount=target=/x a',
      'RUN --mount=target=/x,rw a',
      'RUN --mount=type=tmpfs,target=/x a',
      'RUN --mount=type=secret,id=x a',
      'RUN --mount=type=secret,id=x,env=X a',
    ];
    expect(new Set(texts.map(keyOf)).size).toBe(texts.length);
  });

  it('is the same for what is written otherwise alone', () => {
    expect(keyOf('run   a')).toBe(keyOf('RUN a'));
    expect(keyOf('RUN --mount=dst=/x,type=cache a')).toBe(keyOf('RUN --mount=type=cache,target=/x a'));
    expect(keyOf('RUN <<E\na\nE')).toBe(keyOf('RUN <<OTHER\na\nOTHER'));
  });
});
