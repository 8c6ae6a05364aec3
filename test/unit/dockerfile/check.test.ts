// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import { describe, expect, it } from 'vitest';
import { checkDockerfile } from '../../../lib/dockerfile/check.ts';
import { parseDockerfile } from '../../../lib/dockerfile/parse.ts';

const warningsOf = (text: string, options?: string) => checkDockerfile(parseDockerfile(text), options);
const told = (text: string) => warningsOf(text).map(({ rule, line }) => `${line} ${rule}`);

describe('checkDockerfile', () => {
  // Most of these are BuildKit's own examples (frontend/dockerfile, dockerfile_lint_test.go).
  it.each<[string, string[]]>([
    ['FROM scratch AS Bad', ['1 StageNameCasing']],
    ['FROM scratch as a', ['1 FromAsCasing']],
    ['from scratch AS a', ['1 FromAsCasing']],
    ['from scratch as a\ncopy a b', []],
    ['From scratch as a\nFROM a AS b', ['1 ConsistentInstructionCasing']],
    ['FROM scratch\ncopy a b\nCOPY c d', ['2 ConsistentInstructionCasing']],
    ['FROM scratch\ncopy a b\ncopy c d', ['1 ConsistentInstructionCasing']],
    ['arg a\nFROM scratch', []],
    ['FROM scratch\nCOPY a \\\n\n b', ['3 NoEmptyContinuation']],
    ['FROM scratch\nCOPY <<A /b\n\nA', []],
    ['FROM scratch\nCMD a', ['2 JSONArgsRecommended']],
    ['FROM scratch\nENTRYPOINT a', ['2 JSONArgsRecommended']],
    ['FROM scratch\nSHELL ["/b"]\nCMD a', []],
    ['FROM scratch AS a\nSHELL ["/b"]\nFROM a\nCMD a', []],
    ['FROM scratch\nHEALTHCHECK CMD a', []],
    ['FROM scratch\nMAINTAINER a', ['2 MaintainerDeprecated']],
    ['ARG a=scratch\nFROM $a', []],
    ['FROM --platform=$BUILDPLATFORM scratch', []],
    ['ARG a\nFROM scratch${a}', []],
    ['ARG a\nFROM scra${a:-tch}', []],
    ['FROM --platform=$BULIDPLATFORM scratch', ['1 UndefinedArgInFrom']],
    ['ARG a=1\nFROM b:${a}${c} AS d', ['2 UndefinedArgInFrom']],
    ['ARG a\nFROM b:$a', ['2 InvalidDefaultArgInFrom']],
    ['ARG a\nFROM $a', ['2 InvalidDefaultArgInFrom']],
    ['ARG a="box:"\nFROM busy$a', ['2 InvalidDefaultArgInFrom']],
    ['ARG a=1\nFROM b:${a}-alpine', []],
    ['ARG a\nFROM b:${a}-alpine', ['2 InvalidDefaultArgInFrom']],
    ['ARG a=""\nFROM b:stable$a', []],
    [
      'ARG a=localhost:5000\nFROM $a/b/c:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
      [],
    ],
    ['ARG a\nFROM $a/b', ['2 InvalidDefaultArgInFrom']],
    ['FROM --platform=$TARGETPLATFORM scratch', ['1 RedundantTargetPlatform']],
    ['FROM --platform=${TARGETPLATFORM} scratch', ['1 RedundantTargetPlatform']],
    ['FROM --platform=linux/amd64 scratch', ['1 FromPlatformFlagConstDisallowed']],
    ['FROM --platform=linux/amd64 scratch AS my_amd64_stage', []],
    ['FROM --platform=linux/amd64 scratch AS linux', []],
    ['FROM scratch\nWORKDIR app/', ['2 WorkdirRelativePath']],
    ['FROM scratch AS a\nWORKDIR /app\nFROM a\nWORKDIR b/', []],
    ['FROM scratch\nWORKDIR ${HOME:-/}/a', ['2 UndefinedVar']],
    ['FROM scratch\nARG foo\nCOPY a$foo .', []],
    ['FROM alpine AS a\nARG foo=b\nFROM a\nCOPY $foo .', []],
    ['FROM scratch\nCOPY $foo .\nARG foo=b', ['2 UndefinedVar']],
    ['FROM alpine\nARG DIR_ASSETS=a\nCOPY $DIR_ASSET .', ['3 UndefinedVar']],
    ['FROM alpine\nENV PATH=$PAHT:/tmp/bin', ['2 UndefinedVar']],
    ['FROM golang\nWORKDIR $GOPATH/src', []],
    ['FROM alpine\nCOPY a $WHATEVER_THE_BASE_SETS', []],
    ['FROM scratch\nENV a=1 b=$a', ['2 UndefinedVar']],
    ['FROM scratch\nARG a=1 b=$a', []],
    ['FROM scratch\nRUN echo $whatever\nCMD ["$x"]', []],
    ['FROM scratch\nRUN --mount=target=/$x y', ['2 UndefinedVar']],
    ['FROM scratch\nCOPY <<A /b\n$x\nA', ['2 UndefinedVar']],
    ['FROM scratch\nCOPY <<"A" /b\n$x\nA', []],
    [
      'FROM scratch\nENTRYPOINT ["/a"]\nENTRYPOINT ["/b"]\nCMD ["/a"]\nCMD ["/b"]\nHEALTHCHECK CMD ["/a"]\nHEALTHCHECK NONE',
      [
        '2 MultipleInstructionsDisallowed',
        '4 MultipleInstructionsDisallowed',
        '6 MultipleInstructionsDisallowed',
      ],
    ],
    ['FROM scratch AS a\nCMD ["/a"]\nFROM a\nCMD ["/b"]', []],
    ['FROM scratch\nENV name value\nLABEL name value', ['2 LegacyKeyValueFormat', '3 LegacyKeyValueFormat']],
    [
      'FROM scratch\nARG SECRET_PASSPHRASE\nENV SUPER_Secret=a',
      ['2 SecretsUsedInArgOrEnv', '3 SecretsUsedInArgOrEnv'],
    ],
    ['FROM scratch\nENV password=a secret=b', ['2 SecretsUsedInArgOrEnv', '2 SecretsUsedInArgOrEnv']],
    ['FROM scratch\nENV apikey=a sunflower=b PUBLIC_KEY= monkey=c', ['2 SecretsUsedInArgOrEnv']],
    ['ARG TOKEN\nFROM scratch', []],
    ['FROM scratch\nEXPOSE 80 80-90/tcp $x', ['2 UndefinedVar']],
    ['FROM scratch\nEXPOSE 80/TCP', ['2 ExposeProtoCasing']],
    ['FROM scratch\nEXPOSE 127.0.0.1:80:80 5000:5000', ['2 ExposeInvalidFormat', '2 ExposeInvalidFormat']],
  ])('of %j tells %j', (text, expected) => {
    expect(told(text)).toEqual(expected);
  });

  it.each<[string, RegExp]>([
    [
      'FROM --platform=$BULIDPLATFORM scratch',
      /declares \$BULIDPLATFORM, so that it is empty, did you mean BUILDPLATFORM\?/,
    ],
    ['FROM alpine\nENV PATH=$PAHT', /nothing sets \$PAHT, so that it is empty here, did you mean PATH\?/],
    [
      'FROM scratch\nARG NPM_TOKEN',
      /shows ARG NPM_TOKEN to everyone, take RUN --mount=type=secret,id=NPM_TOKEN/,
    ],
    ['FROM scratch\nCMD a', /^write CMD \["…"\]/],
    ["FROM scratch\nCMD ['a', 'b']", /^this is not JSON.*write CMD \["…", "…"\] with double quotes/],
  ])('says of %j what to do', (text, message) => {
    expect(warningsOf(text)[0]?.message).toMatch(message);
  });

  const casing = 'FROM scratch as base\ncopy a b';

  it.each<[string, string[]]>([
    ['# check=skip=all', []],
    ['#check=skip=all;error=true', []],
    ['# check=skip=ConsistentInstructionCasing,FromAsCasing', []],
    ['# check=skip=ConsistentInstructionCasing, fromascasing;error=true', []],
    ['# check=skip=ConsistentInstructionCasing', ['FromAsCasing']],
    ['# syntax=x\n# CHECK = skip=FromAsCasing', ['ConsistentInstructionCasing']],
    ['# check=experimental=all', ['FromAsCasing', 'ConsistentInstructionCasing']],
    ['# check=error=false', ['FromAsCasing', 'ConsistentInstructionCasing']],
    ['# something else\n# check=skip=all', ['FromAsCasing', 'ConsistentInstructionCasing']],
  ])('honours %j', (directive, expected) => {
    expect(warningsOf(`${directive}\n${casing}`).map(({ rule }) => rule)).toEqual(expected);
  });

  it('throws the first warning where warnings are to be errors', () => {
    const check = () => warningsOf(`# check=skip=ConsistentInstructionCasing;error=true\n${casing}`);
    expect(check).toThrow(/^Dockerfile:2: .*# check=skip=FromAsCasing/);
    expect(check).toThrow(expect.objectContaining({ code: 'dockerfile/check' }));
  });

  it('lets the build arg replace the directive', () => {
    expect(warningsOf(`# check=error=true\n${casing}`, 'skip=all')).toEqual([]);
    expect(() => warningsOf(`# check=skip=all\n${casing}`, 'error=true')).toThrow(/Dockerfile:2:/);
  });

  it('refuses options that are none', () => {
    expect(() => warningsOf(`# check=ksip=all\n${casing}`)).toThrow(/# check= knows no "ksip=all"/);
  });
});
