import { describe, expect, it } from 'vitest';
import { parseIgnore } from '../../../lib/dockerfile/ignore.ts';

describe('parseIgnore', () => {
  it.each<[string, string, boolean]>([
    ['*.md', 'README.md', true],
    ['*.md', 'docs/README.md', false],
    ['**/*.md', 'docs/README.md', true],
    ['**/*.md', 'README.md', true],
    ['node_modules', 'node_modules/a/b.js', true],
    ['node_modules', 'sub/node_modules', false],
    ['**/node_modules', 'sub/node_modules/a', true],
    ['**/node_modules', 'my_node_modules', false],
    ['/dist', 'dist', true],
    ['dist/', 'dist', true],
    ['dist/', 'dist/a', true],
    ['./dist/../dist//a', 'dist/a', true],
    ['../dist', 'dist', false],
    ['/', 'dist', false],
    ['.', 'dist', false],
    ['# *.go', 'main.go', false],
    [' # *.go', ' # a.go', false],
    [' *.go ', 'main.go', true],
    ['\\#a', '#a', true],
    ['*\n!main.go', 'main.go', false],
    ['*\n!main.go', 'other.go', true],
    ['*\n! main.go', 'main.go', false],
    ['*\n!/src/', 'src/a.go', false],
    ['*\n!src\nsrc/*.go', 'src/a.go', true],
    ['*\n!src\nsrc/*.go', 'src/a.txt', false],
    ['!a\na', 'a', true],
    ['a/b\n!a', 'a/b', true],
    ['a\n!a/b', 'a', true],
    ['a\n!a/b', 'a/b/c', false],
    ['a\n!a/b', 'a/c', true],
    ['README.md', 'readme.md', false],
    ['\uFEFFa', 'a', true],
    ['a\r\nb\r\n', 'a', true],
    ['a\r\nb\r\n', 'b', true],
    ['**', 'a/b', true],
    ['a/**', 'a', false],
    ['a/**', 'a/b/c', true],
    ['a**', 'abc/d', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/xb', false],
    ['**.go', 'a/main.go', true],
    ['**foo', 'a/xfoo', true],
    ['**/foo', 'a/xfoo', false],
    ['**/a/*', 'x/a/b', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['a?c', 'a😀c', true],
    ['a*c', 'a/c', false],
    ['*/b', 'a/b', true],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[^a-c]x', 'dx', true],
    ['[\\]]', ']', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a+(b).{c}|$', 'a+(b).{c}|$', true],
    ['a.c', 'abc', false],
    ['b', 'constructor', false],
    ['*r', 'constructor', true],
  ])('%j ignores %s: %s', (rules, path, expected) => {
    expect(parseIgnore(rules).ignores(path)).toBe(expected);
  });

  it.each([
    ['a\n[b', /^\.dockerignore:2: "\[b" has a \[ that is not closed/],
    ['[]', /not closed, or not a set/],
    ['[a-]', /not closed, or not a set/],
    ['a\\', /ends with a backslash/],
    ['!', /"!" stands alone/],
    ['! /', /"!" stands alone/],
  ])('refuses %j', (rules, message) => {
    expect(() => parseIgnore(rules)).toThrow(message);
  });

  it('takes no longer for a pattern that could match in many ways', () => {
    const rules = parseIgnore(`${'**/a*'.repeat(60)}b`);
    expect(rules.ignores('a/'.repeat(300))).toBe(false);
  }, 2000);

  it('tells whether a left-out directory has to be searched', () => {
    expect(parseIgnore('*\n!src/main.go').hasExceptions).toBe(true);
    expect(parseIgnore('*.md').hasExceptions).toBe(false);
  });
});
