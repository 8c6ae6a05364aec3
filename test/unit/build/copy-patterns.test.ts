import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CopyProblem } from '../../../lib/build/copy/copy-problem.ts';
import { compilePatterns } from '../../../lib/build/copy/patterns.ts';
import { matches } from '../../../lib/build/copy/wildcard.ts';
import { type Node, Tree } from '../../../lib/build/tree.ts';

const file: Node = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 };
const directory: Node = { ...file, type: 'directory' };

function treeOf(paths: string[]): Tree {
  const tree = new Tree();
  for (const path of paths) {
    const names = path.split('/');
    for (let i = 1; i < names.length; i++) tree.set(names.slice(0, i).join('/'), directory);
    tree.set(path, path.endsWith('>') ? { ...file, type: 'symlink', link: 'd' } : file);
  }
  return tree;
}

describe('wildcards of a source', () => {
  const tree = treeOf([
    'a.txt',
    'b.txt',
    'd/x.go',
    'd/e/y.go',
    'e/x.go',
    'we[ird',
    'a-b',
    'l>',
    '日本.txt',
    '*',
  ]);
  it.each<[string, string[]]>([
    ['*.txt', ['a.txt', 'b.txt', '日本.txt']],
    ['?.txt', ['a.txt', 'b.txt']],
    ['??.txt', ['日本.txt']],
    ['[ab].txt', ['a.txt', 'b.txt']],
    ['[^a].txt', ['b.txt']],
    ['[a-b].txt', ['a.txt', 'b.txt']],
    ['[b-a].txt', []],
    ['*/x.go', ['d/x.go', 'e/x.go']],
    ['/*/x.go', ['d/x.go', 'e/x.go']],
    ['d/*', ['d/e', 'd/x.go']],
    ['d/*/*.go', ['d/e/y.go']],
    ['**/x.go', ['d/x.go', 'e/x.go']],
    ['we[[]ird', ['we[ird']],
    ['we\\[i*', ['we[ird']],
    ['a[\\-]*', ['a-b']],
    ['a[-]*', []],
    ['[', []],
    ['[a', []],
    ['*\\', []],
    ['l*/x.go', []],
    ['a.txt/*', []],
    ['nope/*', []],
  ])('%s', (pattern, expected) => {
    expect(matches(tree, pattern)).toEqual(expected);
  });

  it('end soon, however many stars they have', () => {
    const long = treeOf(['a'.repeat(250)]);
    expect(matches(long, `${'*a'.repeat(60)}*b`)).toEqual([]);
    expect(matches(long, `${'*a'.repeat(60)}*`)).toHaveLength(1);
  });

  it('are no expressions, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), (text) => {
        const found = matches(tree, text);
        expect(new Set(found).size).toBe(found.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('patterns of --exclude and --parents', () => {
  it.each<[string[], string, boolean]>([
    [['*.txt'], 'a.txt', true],
    [['*.txt'], 'd/a.txt', false],
    [['**/*.txt'], 'a.txt', true],
    [['**/*.txt'], 'd/e/a.txt', true],
    [['d'], 'd/e/a.txt', true],
    [['d'], 'da', false],
    [['/d'], 'd', true],
    [['./d/'], 'd/x', true],
    [['d/**'], 'd/x/y', true],
    [['d/**'], 'd', false],
    [['d/**/z'], 'd/z', true],
    [['d/**/z'], 'd/a/b/z', true],
    [['d', '!d/keep'], 'd/keep', false],
    [['d', '!d/keep'], 'd/other', true],
    [['!a', 'a'], 'a', true],
    [['a?c'], 'abc', true],
    [['a?c'], 'a/c', false],
    [['[ab]'], 'b', true],
    [['[^ab]'], 'b', false],
    [['a.c'], 'abc', false],
    [['a\\*'], 'a*', true],
    [['a\\*'], 'ab', false],
    [['', '  '], 'a', false],
  ])('%j on %s', (patterns, path, expected) => {
    expect(compilePatterns(patterns).match(path)).toBe(expected);
  });

  it('are refused when they are none, and end soon', () => {
    expect(() => compilePatterns(['[ab'])).toThrow(/one of the patterns \[ab is none/);
    const path = 'a/'.repeat(100);
    expect(compilePatterns([`${'**/a/'.repeat(30)}b`]).match(`${path}c`)).toBe(false);
  });

  it('can be any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 10 }), { maxLength: 4 }), fc.string(), (patterns, path) => {
        try {
          expect(typeof compilePatterns(patterns).match(path)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(CopyProblem);
        }
      }),
      { numRuns: 500 },
    );
  });
});
