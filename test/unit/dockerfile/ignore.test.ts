import { describe, expect, it } from 'vitest';
import { parseIgnore } from '../../../lib/dockerfile/ignore.ts';

describe('parseIgnore', () => {
  it.each<[string, string, boolean]>([
    ['*.md', 'README.md', true],
    ['*.md', 'docs/README.md', false],
    ['**/*.md', 'docs/README.md', true],
    ['node_modules', 'node_modules/a/b.js', true],
    ['/dist', 'dist', true],
    ['# *.go', 'main.go', false],
    ['*\n!main.go', 'main.go', false],
    ['*\n!main.go', 'other.go', true],
    ['README.md', 'readme.md', false],
  ])('%j ignores %s: %s', (rules, path, expected) => {
    expect(parseIgnore(rules).ignores(path)).toBe(expected);
  });

  it('tells whether a left-out directory has to be searched', () => {
    expect(parseIgnore('*\n!src/main.go').hasExceptions).toBe(true);
    expect(parseIgnore('*.md').hasExceptions).toBe(false);
  });
});
