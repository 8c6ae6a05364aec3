import { describe, expect, it } from 'vitest';
import { parseTriggers } from '../../../lib/dockerfile/triggers.ts';
import type { FromInstruction } from '../../../lib/dockerfile/types.ts';

const from: FromInstruction = { keyword: 'FROM', image: 'base:1', line: 3, endLine: 4, text: 'FROM base:1' };
const parse = (...triggers: string[]) => parseTriggers(triggers, from, 'docker/app.Dockerfile');

describe('parseTriggers', () => {
  it('places the instructions at the FROM, in their order', () => {
    expect(parse('COPY --from=build a b', 'RUN <<E cat\nx\nE', 'ENV a b')).toMatchObject([
      { keyword: 'COPY', from: 'build', line: 3, endLine: 4, text: 'COPY --from=build a b' },
      { keyword: 'RUN', command: { script: '<<E cat', heredocs: [{ content: 'x\n' }] }, line: 3 },
      { keyword: 'ENV', pairs: [['a', 'b']], line: 3 },
    ]);
    expect(parse()).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    [
      'RNU x',
      'unknown-instruction',
      /^docker\/app\.Dockerfile:3: base:1 brings ONBUILD RNU x: unknown instruction RNU/,
    ],
    ['COPY a', 'missing-argument', /:3: base:1 brings ONBUILD COPY a: COPY needs a source/],
    ['RUN <<E\nx', 'open-heredoc', /brings ONBUILD RUN <<E: the here-document/],
    ['FROM x', 'bad-argument', /ONBUILD FROM is not possible/],
    ['ONBUILD RUN x', 'bad-argument', /ONBUILD ONBUILD is not possible/],
    ['MAINTAINER x', 'bad-argument', /ONBUILD MAINTAINER is not possible/],
    ['RUN a\nRUN b', 'bad-argument', /it has to be one instruction/],
    ['', 'bad-argument', /it has to be one instruction/],
  ])('refuses %j at the FROM', (trigger, code, message) => {
    expect(() => parse(trigger)).toThrow(message);
    expect(() => parse(trigger)).toThrow(expect.objectContaining({ code: `dockerfile/${code}` }));
  });
});
