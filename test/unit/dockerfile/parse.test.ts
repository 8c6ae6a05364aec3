import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';
import { instructionOf } from './support.ts';

describe('parseDockerfile', () => {
  it.each<[string, object]>([
    ['COPY a b/', { sources: ['a'], destination: 'b/' }],
    [
      'COPY --from=build --chown=1:2 a b c/',
      { from: 'build', chown: '1:2', sources: ['a', 'b'], destination: 'c/' },
    ],
    ['COPY ["a b", "c d/"]', { sources: ['a b'], destination: 'c d/' }],
    ['COPY --chmod=0755 --link a b', { chmod: '0755' }],
    ['COPY a\tb   c/', { sources: ['a', 'b'], destination: 'c/' }],
    ['COPY --chmod=u=rwX,go=rX a b', { chmod: 'u=rwX,go=rX' }],
    ['COPY --chmod=$mode --chown=$user a b', { chmod: '$mode', chown: '$user' }],
    ['COPY --link=false --parents a b', { link: false, parents: true }],
    ['COPY --link=TRUE a b', { link: true }],
    ['COPY --exclude=*.md --exclude="a b" a b', { exclude: ['*.md', 'a b'] }],
    ['COPY --from="my stage" a b', { from: 'my stage' }],
    ['COPY --from=x\\ y a b', { from: 'x y' }],
    ['COPY -- --a b', { sources: ['--a'], destination: 'b' }],
    ['COPY [ "a", "b" ] c', { sources: ['[', '"a",', '"b"', ']'], destination: 'c' }],
    [
      'COPY <<A b <<"C" /d/\n1\nA\n2\nC',
      {
        sources: ['b'],
        inlines: [
          { name: 'A', content: '1\n', expands: true },
          { name: 'C', content: '2\n', expands: false },
        ],
        destination: '/d/',
      },
    ],
    ['COPY ["<<A", "b"]', { sources: ['<<A'], destination: 'b' }],
    [
      'ADD --checksum=sha256:a --keep-git-dir --unpack=true --link --exclude=x a b',
      { checksum: 'sha256:a', keepGitDir: true, unpack: true, link: true, exclude: ['x'] },
    ],
    ['RUN --network=none --security=insecure x', { network: 'none', security: 'insecure' }],
    ['RUN --network=host x', { network: 'host', mounts: [] }],
    [
      'RUN <<A\nx\nA',
      { command: { form: 'shell', script: '<<A', heredocs: [{ name: 'A', content: 'x\n' }] } },
    ],
    ['RUN', { command: { form: 'shell', script: '' } }],
    ['CMD', { command: { form: 'shell', script: '' } }],
    ['RUN []', { command: { form: 'exec', argv: [] } }],
    ['CMD []', { command: { form: 'exec', argv: [] } }],
    ['CMD [ "a" ]', { command: { form: 'exec', argv: ['a'] } }],
    ["CMD ['a']", { command: { form: 'shell', script: "['a']" } }],
    ['CMD ["a"] b', { command: { form: 'shell', script: '["a"] b' } }],
    ['ONBUILD RUN a', { keyword: 'ONBUILD', trigger: 'RUN a' }],
    ['ONBUILD RUN a \t ', { trigger: 'RUN a \t ' }],
    ['onbuild copy a b', { trigger: 'copy a b' }],
    ['ONBUILD RUN <<A\nx\nA', { trigger: 'RUN <<A\nx\nA' }],
    ['ONBUILD RUN <<-A\n\tx\n\tA', { trigger: 'RUN <<-A\n\tx\nA' }],
    ['MAINTAINER a <b@c>', { author: 'a <b@c>' }],
    ['STOPSIGNAL $x', { signal: '$x' }],
    ['VOLUME /a /b', { paths: ['/a', '/b'] }],
    ['HEALTHCHECK none', { command: 'none' }],
    ['HEALTHCHECK CMD ["a", "b"]', { command: { form: 'exec', argv: ['a', 'b'] } }],
    [
      'HEALTHCHECK --timeout=500ms --start-period=1.5s --start-interval=0 CMD x',
      { timeout: 5e8, startPeriod: 15e8, startInterval: 0 },
    ],
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
    expect(instructionOf(text)).toMatchObject(expected);
  });

  it('joins continuation lines, and drops comments and empty lines between them', () => {
    const run = instructionOf('RUN a && \\\n  # why\n\n    b \\\n  c');
    expect(run).toMatchObject({ line: 2, endLine: 6, command: { script: 'a &&     b   c' } });
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
    ['FROM a\nFOOBAR x', 'unknown-instruction', /unknown instruction FOOBAR \(.*end that one with \\/],
    ["FROM a\nCOPY ['b','/c']", 'missing-argument', /needs a source .*\["source", "destination"\]/],
    ['FROM a\nCOPY --form=b a b', 'unknown-flag', /knows no flag --form, did you mean --from\?/],
    ['FROM a\nCOPY --from=b --from=c a b', 'bad-flag', /--from is there twice/],
    ['FROM a\nCOPY a', 'missing-argument', /COPY needs a source and a destination/],
    ['FROM a\nUSER', 'missing-argument', /USER needs an argument/],
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
    ['FROM a\nCOPY --link=x a b', 'bad-flag', /--link is "x"/],
    ['FROM a\nCOPY --link= a b', 'bad-flag', /--link is ""/],
    ['FROM a\nCOPY --from a b', 'bad-flag', /COPY --from needs a value/],
    ['FROM a\nCOPY --from=$x a b', 'bad-flag', /--from does not take variables .*add FROM \$x AS name/],
    ['FROM a\nCOPY --chmod=888 a b', 'bad-flag', /--chmod is 888/],
    ['FROM a\nCOPY --chmod=10000 a b', 'bad-flag', /--chmod is 10000/],
    ['FROM a\nCOPY --chmod=u+q a b', 'bad-flag', /--chmod is u\+q/],
    ['FROM a\nCOPY --checksum=x a b', 'unknown-flag', /COPY knows no flag --checksum/],
    ['FROM a\nADD --from=x a b', 'unknown-flag', /ADD knows no flag --from/],
    ['FROM a\nADD --parents a b', 'unknown-flag', /ADD knows no flag --parents/],
    ['FROM a\nCOPY a <<E\nx\nE', 'bad-argument', /the destination of COPY is the here-document <<E/],
    ['FROM a\nRUN <<E\nx', 'open-heredoc', /Dockerfile:2: .*<<E .* has no end/],
    ['FROM a\nRUN --network=nnoe x', 'bad-flag', /--network is nnoe, did you mean none\?/],
    ['FROM a\nRUN --security=x y', 'bad-flag', /--security is x .*sandbox, insecure/],
    ['FROM a\nRUN --device=x y', 'not-supported', /RUN --device/],
    ['FROM a\nRUN --muont=x y', 'unknown-flag', /no flag --muont, did you mean --mount\?/],
    ['FROM a\nUSER --x y', 'unknown-flag', /USER knows no flag --x .*USER has no flags/],
    ['FROM a\nARG =x', 'bad-argument', /ARG has "=x" without a name/],
    ['FROM a\nENV =x', 'bad-argument', /ENV has "=x" without a name/],
    ['FROM a\nVOLUME [""]', 'bad-argument', /VOLUME has an empty path/],
    ['FROM a\nVOLUME []', 'bad-argument', /VOLUME has an empty path/],
    ['FROM a\nSHELL []', 'bad-argument', /SHELL needs the JSON form/],
    ['FROM a\nCOPY ["a", null]', 'bad-argument', /holds null, which is no string/],
    ['FROM a\nONBUILD ONBUILD RUN x', 'bad-argument', /ONBUILD ONBUILD is not possible/],
    ['FROM a\nONBUILD FROM x', 'bad-argument', /ONBUILD FROM is not possible/],
    ['FROM a\nonbuild maintainer x', 'bad-argument', /ONBUILD MAINTAINER is not possible/],
    ['FROM a\nONBUILD RNU x', 'unknown-instruction', /RNU, did you mean RUN\?/],
    ['FROM a\nONBUILD COPY a', 'missing-argument', /COPY needs a source and a destination/],
    ['FROM a\nHEALTHCHECK NONE x', 'bad-argument', /HEALTHCHECK has "NONE"/],
    ['FROM a\nHEALTHCHECK CMD', 'bad-argument', /HEALTHCHECK has "CMD"/],
    ['FROM a\nHEALTHCHECK --retries=-1 CMD x', 'bad-flag', /--retries is "-1"/],
    ['FROM a\nHEALTHCHECK --interval=1us CMD x', 'bad-flag', /less than 1ms/],
    ['FROM a\nHEALTHCHECK --interval=1m30 CMD x', 'bad-flag', /not a duration/],
    ['FROM a AS scratch', 'bad-argument', /a stage cannot be called scratch/],
    ['FROM a\n__proto__ x', 'unknown-instruction', /unknown instruction __proto__/],
    ['FROM a\nRUN --constructor=x y', 'unknown-flag', /no flag --constructor/],
  ])('refuses %j', (text, code, message) => {
    const parse = () => parseDockerfile(text);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: `dockerfile/${code}` }));
  });
});
