// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have these.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand } from '../../../lib/dockerfile/expand.ts';

const variables: Record<string, string> = { a: 'A', empty: '', blank: 'x y', path: '/usr/bin' };
const position = { file: 'Dockerfile', line: 7 };
const expanded = (word: string) => expand(word, (name) => variables[name], '\\', position);

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
    ['a\\ b', 'a b'],
    ['"$blank"', 'x y'],
    ['${missing:-d}', 'd'],
    ['${empty:-d}', 'd'],
    ['${empty-d}', ''],
    ['${missing-d}', 'd'],
    ['${a:-d}', 'A'],
    ['${a:+d}', 'd'],
    ['${empty:+d}', ''],
    ['${empty+d}', 'd'],
    ['${missing:-${a}}', 'A'],
    ['${missing:-"}"}', '}'],
    ['$path:$a', '/usr/bin:A'],
    ['a$', 'a$'],
  ])('makes of %s', (word, value) => {
    expect(expanded(word)).toBe(value);
  });

  it.each([
    ['"a', /lacks a closing double quote/],
    ["'a", /lacks a closing single quote/],
    ['${a', /names no variable|lacks a closing/],
    ['${', /names no variable/],
    ['${a:-b', /lacks a closing }/],
    ['${missing:?is needed}', /Dockerfile:7: missing is not set: is needed/],
  ])('refuses %s', (word, message) => {
    expect(() => expanded(word)).toThrow(message);
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
});
