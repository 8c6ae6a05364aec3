import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';
import type { Instruction } from '../../../lib/dockerfile/types.ts';
import { FairleadError } from '../../../lib/errors.ts';

function only(text: string): Instruction {
  const [instruction] = parseDockerfile(`FROM base\n${text}`).stages[0]?.instructions ?? [];
  if (instruction === undefined) throw new Error('no instruction');
  return instruction;
}

describe('parseDockerfile', () => {
  it.each<[string, object]>([
    ['COPY a b/', { sources: ['a'], destination: 'b/' }],
    [
      'COPY --from=build --chown=1:2 a b c/',
      { from: 'build', chown: '1:2', sources: ['a', 'b'], destination: 'c/' },
    ],
    ['COPY ["a b", "c d/"]', { sources: ['a b'], destination: 'c d/' }],
    ['COPY --chmod=0755 --link a b', { chmod: '0755' }],
    ['copy a b', { keyword: 'COPY', sources: ['a'] }],
    ['RUN echo "a  b"   # kept', { command: { form: 'shell', script: 'echo "a  b"   # kept' } }],
    ['RUN ["go", "build"]', { command: { form: 'exec', argv: ['go', 'build'] } }],
    ['RUN [ "$x" = y ]', { command: { form: 'shell', script: '[ "$x" = y ]' } }],
    ['RUN --mount=type=cache,target=/c go build', { mounts: [{ target: '/c', readOnly: false }] }],
    ['RUN --mount=type=cache,id=x,dst=/c,ro x', { mounts: [{ target: '/c', id: 'x', readOnly: true }] }],
    [
      'ENV a=b c="d e" f=g\\ h',
      {
        pairs: [
          ['a', 'b'],
          ['c', '"d e"'],
          ['f', 'g\\ h'],
        ],
      },
    ],
    ['ENV key the rest of it', { pairs: [['key', 'the rest of it']] }],
    ['LABEL "a b"=c', { pairs: [['"a b"', 'c']] }],
    ['ARG a=1 b', { args: [{ name: 'a', value: '1' }, { name: 'b' }] }],
    ['EXPOSE 80 443/tcp', { ports: ['80', '443/tcp'] }],
    ['VOLUME ["/a b"]', { paths: ['/a b'] }],
    ['HEALTHCHECK NONE', { command: 'none' }],
    [
      'HEALTHCHECK --interval=1m30s --retries=2 CMD x',
      { interval: 90e9, retries: 2, command: { form: 'shell', script: 'x' } },
    ],
    ['SHELL ["/bin/bash", "-c"]', { argv: ['/bin/bash', '-c'] }],
    ['WORKDIR /a b', { path: '/a b' }],
  ])('reads %s', (text, expected) => {
    expect(only(text)).toMatchObject(expected);
  });

  it('joins continuation lines, and drops comments and empty lines between them', () => {
    const run = only('RUN a && \\\n  # why\n\n    b \\\n  c');
    expect(run).toMatchObject({ line: 2, endLine: 6, command: { script: 'a &&     b   c' } });
  });

  it('takes another escape character from its directive', () => {
    const { stages, escapeChar } = parseDockerfile('# escape=`\nFROM a\nRUN b `\n  c\\d');
    expect(escapeChar).toBe('`');
    expect(stages[0]?.instructions[0]).toMatchObject({ command: { script: 'b   c\\d' } });
  });

  it('keeps ARGs before the first FROM apart, and names stages in lower case', () => {
    const { globals, stages } = parseDockerfile(
      'ARG V=1\nFROM --platform=linux/arm64 golang:$V AS Build\nFROM build\n',
    );
    expect(globals).toMatchObject([{ args: [{ name: 'V', value: '1' }], line: 1 }]);
    expect(stages).toMatchObject([
      { index: 0, name: 'build', from: { image: 'golang:$V', platform: 'linux/arm64' } },
      { index: 1, from: { image: 'build', line: 3 } },
    ]);
  });

  it('bears Windows line ends and a byte order mark', () => {
    expect(parseDockerfile('\uFEFFFROM a\r\nRUN b \\\r\n c\r\n').stages[0]?.instructions[0]).toMatchObject({
      command: { script: 'b  c' },
    });
  });

  it.each<[string, string, RegExp]>([
    ['', 'no-stage', /Dockerfile:1: the Dockerfile has no FROM/],
    ['RUN x', 'before-from', /Dockerfile:1: RUN stands before the first FROM/],
    [
      'FROM a\nCOPPY a b',
      'unknown-instruction',
      /Dockerfile:2: unknown instruction COPPY, did you mean COPY\?/,
    ],
    ['FROM a\nFOOBAR x', 'unknown-instruction', /unknown instruction FOOBAR \(/],
    ['FROM a\nCOPY --form=b a b', 'unknown-flag', /knows no flag --form, did you mean --from\?/],
    ['FROM a\nCOPY --from=b --from=c a b', 'bad-flag', /--from is there twice/],
    ['FROM a\nCOPY a', 'missing-argument', /COPY needs a source and a destination/],
    ['FROM a\nRUN', 'missing-argument', /RUN needs an argument/],
    ['FROM a b', 'bad-argument', /write FROM image, or FROM image AS name/],
    ['FROM a AS 1b', 'bad-argument', /"1b" is not a stage's name/],
    ['FROM a AS b\nFROM c AS B', 'duplicate-stage', /Dockerfile:2: the stage of line 1 is called b already/],
    ['FROM a\nENV x', 'missing-argument', /ENV x has no value/],
    ['FROM a\nENV a=b c', 'bad-argument', /"c" without a name and "="/],
    ['FROM a\nSHELL /bin/sh', 'bad-argument', /SHELL needs the JSON form/],
    ['FROM a\nHEALTHCHECK --interval=5 CMD x', 'bad-flag', /--interval is "5", which is not a duration/],
    ['FROM a\nHEALTHCHECK curl x', 'bad-argument', /HEALTHCHECK NONE or HEALTHCHECK CMD/],
    ['# escape=x\nFROM a', 'bad-directive', /the escape character is "x"/],
    ['FROM a\nCMD ["a", 1]', 'bad-argument', /the JSON form holds 1, which is no string/],
    ['FROM a\nENTRYPOINT --x', 'unknown-flag', /ENTRYPOINT knows no flag --x .*; write ENTRYPOINT \["--x"\]/],
    ['FROM a\nRUN --mount=type=cache x', 'bad-flag', /the cache mount has no target/],
  ])('refuses %j', (text, code, message) => {
    const parse = () => parseDockerfile(text);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: `dockerfile/${code}` }));
  });

  it('always answers or throws a FairleadError at a line', () => {
    const word = fc.constantFrom(
      'FROM',
      'a',
      'COPY',
      'RUN',
      'ENV',
      '--from=x',
      'AS',
      '\\',
      '\n',
      '"',
      "'",
      '<<EOF',
      '[',
      '#',
      '=',
      '$',
      '{',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        try {
          parseDockerfile(words.join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(FairleadError);
          expect((error as FairleadError).fault.place).toMatch(/^Dockerfile:\d+$/);
        }
      }),
    );
  });

  it('always finds an instruction at the line where it was written', () => {
    const comments = fc.array(fc.constantFrom('', '# a comment', '   '), { maxLength: 5 });
    fc.assert(
      fc.property(comments, fc.nat({ max: 5 }), (before, continued) => {
        const run = `RUN a${' \\\n  b'.repeat(continued)}`;
        const { stages } = parseDockerfile(['FROM x', ...before, run, 'USER y'].join('\n'));
        expect(stages[0]?.instructions).toMatchObject([
          { keyword: 'RUN', line: 2 + before.length, endLine: 2 + before.length + continued },
          { keyword: 'USER', line: 3 + before.length + continued },
        ]);
      }),
    );
  });
});
