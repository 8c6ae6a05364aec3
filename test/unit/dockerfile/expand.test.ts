// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand, expandText, expandWords } from '../../../lib/dockerfile/expand.ts';
import { FairleadError } from '../../../lib/errors.ts';

const variables: Record<string, string> = {
  a: 'A',
  empty: '',
  blank: 'x y',
  path: '/usr/bin',
  xy: 'xxyy',
  stars: 'a***yy*',
  special: '()[]{}^$.*?|\\x',
  pattern: '\\*/',
  korean: '한국어',
  lines: 'a\nb',
};
const position = { file: 'Dockerfile', line: 7 };
const lookup = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
const expanded = (word: string) => expand(word, lookup, '\\', position);

describe('expand', () => {
  it.each([
    ['plain', 'plain'],
    ['$a', 'A'],
    ['${a}', 'A'],
    ['$a/$missing/b', 'A//b'],
    ['${a}b', 'Ab'],
    ['$ab', ''],
    ['\\$a', '$a'],
    ["'$a'", '$a'],
    ['"$a"', 'A'],
    ['"a\\"b"', 'a"b'],
    ['"a\\b"', 'a\\b'],
    ['"\\$a\\\\"', '$a\\'],
    ['a\\ b', 'a b'],
    ['a\\', 'a'],
    ['"$blank"', 'x y'],
    ['$path:$a', '/usr/bin:A'],
    ['a$', 'a$'],
    ['$/a', '$/a'],
    ['$$a', 'a'],
    ['$1a', 'a'],
    ['$korean', '한국어'],
    ['한$a', '한A'],
    ['a"b"\'c\'d', 'abcd'],
    ['""', ''],
  ])('makes of %s', (word, value) => {
    expect(expanded(word)).toBe(value);
  });

  it.each([
    ['${missing:-d}', 'd'],
    ['${empty:-d}', 'd'],
    ['${empty-d}', ''],
    ['${missing-d}', 'd'],
    ['${a:-d}', 'A'],
    ['${a:+d}', 'd'],
    ['${empty:+d}', ''],
    ['${empty+d}', 'd'],
    ['${missing+d}', ''],
    ['${missing:-${a}}', 'A'],
    ['${missing:-${also:-${a}-$empty}}', 'A-'],
    ['${missing:-"}"}', '}'],
    ["${missing:-'}'}", '}'],
    ['${missing:-\\}}', '}'],
    ['${missing:-a b}', 'a b'],
    ['"${missing:-"a b"}"', 'a b'],
    ['${a:?is needed}', 'A'],
    ['${empty?is needed}', ''],
    ['v${a}.${missing:+-$missing}x', 'vA.x'],
  ])('takes a default or another word: %s', (word, value) => {
    expect(expanded(word)).toBe(value);
  });

  // As shell.Lex of BuildKit answers them (frontend/dockerfile/shell, lex_test.go).
  it.each([
    ['${xy#x}', 'xyy'],
    ['${xy##x}', 'xyy'],
    ['${xy#*x}', 'xyy'],
    ['${xy##*x}', 'yy'],
    ['${xy#*x*y}', 'y'],
    ['${xy##*x*y}', ''],
    ['${xy#*}', 'xxyy'],
    ['${xy##*}', ''],
    ['${xy#}', 'xxyy'],
    ['${xy##}', 'xxyy'],
    ['${xy#$missing}', 'xxyy'],
    ['${xy#${missing:-x}}', 'xyy'],
    ['${xy#?}', 'xyy'],
    ['${xy#z}', 'xxyy'],
    ['${special#()[]{\\}^$.\\*\\?|\\\\}', 'x'],
    ['${xy%y}', 'xxy'],
    ['${xy%y*}', 'xxy'],
    ['${xy%%y*}', 'xx'],
    ['${xy%}', 'xxyy'],
    ['${stars%%\\**\\*}', 'a'],
    ['${stars%\\**\\*}', 'a**'],
    ['${path%/*}', '/usr'],
    ['${path##*/}', 'bin'],
    ['${missing%x}', ''],
    ['${xy:#x}', 'xyy'],
    ['${lines#a*}', '\nb'],
    ['${lines##*b}', 'a\nb'],
  ])('cuts what a pattern matches: %s', (word, value) => {
    expect(expanded(word)).toBe(value);
  });

  it.each([
    ['${xy/x/z}', 'zxyy'],
    ['${xy//x/z}', 'zzyy'],
    ['${xy//x/}', 'yy'],
    ['${xy//x*y/z}', 'z'],
    ['${xy/?/z}', 'zxyy'],
    ['${path//\\//-}', '-usr-bin'],
    ['${path///-}', '-/-u-s-r-/-b-i-n-'],
    ['${xy/$missing/z}', 'zxxyy'],
    ['${path/$path/$a}', 'A'],
    ['${path//"/"/$a}', 'AusrAbin'],
    ['${missing/x/y}', ''],
    ['${xy//*/z}', 'z'],
  ])('replaces what a pattern matches: %s', (word, value) => {
    expect(expanded(word)).toBe(value);
  });

  it.each([
    ['"a', /lacks a closing double quote/],
    ["'a", /lacks a closing single quote/],
    ['${a', /lacks a closing }/],
    ['${', /names no variable/],
    ['${}', /names no variable/],
    ['${{a}', /names no variable/],
    ['${:-a}', /names no variable/],
    ['${a:-b', /lacks a closing }/],
    ['${a:}', /\$\{…:}…\} is no expansion/],
    ['${a=b}', /is no expansion/],
    ['${1a}', /is no expansion/],
    ['${a//b}', /lacks a closing \//],
    ['${a#\\x}', /only \* \? \\ \} and \/ can be escaped/],
    ['${missing:?is needed}', /Dockerfile:7: missing is not set: is needed/],
    ['${missing?}', /missing is not set: it is required here/],
    ['${empty:?is needed}', /empty is not filled: is needed/],
    ['${missing:?$a needed}', /A needed/],
  ])('refuses %s', (word, message) => {
    expect(() => expanded(word)).toThrow(message);
  });

  it('escapes with the character that the Dockerfile chose', () => {
    expect(expand('`$a C:\\$a "`$a"', lookup, '`', position)).toBe('$a C:\\A $a');
  });

  it('always leaves a word in single quotes as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("'")),
        (text) => {
          expect(expanded(`'${text}'`)).toBe(text);
        },
      ),
    );
  });

  const bits = fc.constantFrom(
    ...['$', '{', '}', 'a', 'xy', 'missing', ':-', '+', '?', '#', '##', '%', '/', '//', '*', '\\', "'", '"'],
  );

  it('always answers, or says what is wrong at the line', () => {
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 40 }), (parts) => {
        const word = parts.join('');
        const read = [
          () => expanded(word),
          () => expandWords(word, lookup, '\\', position),
          () => expandText(word, lookup, position),
        ];
        for (const expansion of read) {
          try {
            expansion();
          } catch (error) {
            expect(error).toBeInstanceOf(FairleadError);
            expect((error as FairleadError).fault.place).toBe('Dockerfile:7');
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('always cuts and replaces as the same pattern does as a regular expression', () => {
    const letters = fc.stringMatching(/^[ab]{0,8}$/);
    const patterns = fc.stringMatching(/^[ab?*]{0,5}$/);
    fc.assert(
      fc.property(letters, patterns, (value, pattern) => {
        const source = (star: string) => pattern.replace(/[?*]/g, (char) => (char === '*' ? star : '.'));
        const of = (word: string) => expand(word, () => value, '\\', position);
        expect(of(`\${v##${pattern}}`)).toBe(value.replace(new RegExp(`^${source('.*')}`), ''));
        expect(of(`\${v#${pattern}}`)).toBe(value.replace(new RegExp(`^${source('.*?')}`), ''));
        expect(of(`\${v%%${pattern}}`)).toBe(value.replace(new RegExp(`${source('.*')}$`), ''));
        if (pattern !== '')
          expect(of(`\${v/${pattern}/-}`)).toBe(value.replace(new RegExp(source('.*')), '-'));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a nest of defaults', `${'${a-'.repeat(100_000)}x${'}'.repeat(100_000)}`],
    ['a megabyte of text', 'x'.repeat(1 << 20)],
    ['a megabyte of variables', '$a'.repeat(1 << 19)],
    ['a megabyte of escapes', '\\x'.repeat(1 << 19)],
    ['a pattern that could match in many ways', `\${long##${'*x'.repeat(200)}y}`],
  ])(
    'bears %s',
    (_, word) => {
      const long = (name: string) => (name === 'long' ? 'x'.repeat(2000) : 'a');
      try {
        expect(expand(word, long, '\\', position).length).toBeGreaterThan(0);
      } catch (error) {
        expect((error as Error).message).toMatch(/nested too deeply/);
      }
    },
    3000,
  );
});

describe('expandWords', () => {
  it.each<[string, string[]]>([
    ['a b', ['a', 'b']],
    ['$blank', ['x', 'y']],
    ['1$blank', ['1x', 'y']],
    ['"$blank"', ['x y']],
    ["'a b'c d", ['a bc', 'd']],
    ['a\\ b', ['a b']],
    ['$empty', []],
    ['', []],
    ['${missing:-a b}', ['a', 'b']],
  ])('splits %s', (word, words) => {
    expect(expandWords(word, lookup, '\\', position)).toEqual(words);
  });
});

describe('expandText', () => {
  it.each([
    ['a "$a" \'$a\'\n', 'a "A" \'A\'\n'],
    ["it's $a\n", "it's A\n"],
    ['\\$a \\n \\\\', '$a n \\'],
    ['${missing:-"d"}', '"d"'],
  ])('makes of %j', (text, value) => {
    expect(expandText(text, lookup, position)).toBe(value);
  });
});
