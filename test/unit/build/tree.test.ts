import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Change, join, type Node, newDirectory, Tree } from '../../../lib/build/tree.ts';

const file: Node = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 };
const link = (to: string): Node => ({ ...file, type: 'symlink', link: to });

function tree(nodes: Record<string, Node>): Tree {
  const made = new Tree();
  for (const [path, node] of Object.entries(nodes)) made.set(path, node);
  return made;
}

describe('Tree', () => {
  const root = tree({
    usr: newDirectory(0),
    'usr/bin': newDirectory(0),
    'usr/bin/x': file,
    bin: link('usr/bin'),
    out: link('../../../etc'),
    abs: link('/usr'),
    loop: link('loop'),
  });

  it.each<[string, boolean, string | undefined]>([
    ['/bin/x', true, 'usr/bin/x'],
    ['bin', true, 'usr/bin'],
    ['bin', false, 'bin'],
    ['bin/', false, 'bin'],
    ['/abs/bin/../../x', true, 'x'],
    ['out/passwd', true, 'etc/passwd'],
    ['../../..', true, ''],
    ['/nowhere/./y', true, 'nowhere/y'],
    ['loop/x', true, undefined],
  ])('resolves %s (the last one too: %s) to %s', (path, followLast, expected) => {
    expect(root.resolve(path, followLast)).toBe(expected);
  });

  it('always resolves to a path in the root', () => {
    const name = fc.constantFrom('a', 'b', '..', '.', '', 'c');
    const path = fc.array(name, { maxLength: 6 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(fc.array(fc.tuple(path, path)), path, (links, asked) => {
        const made = new Tree();
        for (const [from, to] of links) {
          const at = made.resolve(from, false);
          if (at) made.set(at, link(to === '' ? '.' : `/${to}`));
        }
        const resolved = made.resolve(asked, true) ?? '';
        const names = resolved === '' ? [] : resolved.split('/');
        expect(names.filter((part) => part === '' || part === '.' || part === '..')).toEqual([]);
      }),
    );
  });

  it('forgets what a directory held when it becomes a file, and keeps a clone apart', () => {
    const clone = root.clone();
    clone.set('usr', file);
    expect(clone.get('usr/bin/x')).toBeUndefined();
    expect(root.get('usr/bin/x')).toBe(file);
  });

  it('always lists in a directory exactly what can be got there', () => {
    const path = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.boolean())), (steps) => {
        const made = new Tree();
        const changes: Change[] = steps.map(([names, isThere]) => {
          const at = names.reduce((above, name) => join(above, name), '');
          return isThere ? { path: at, node: newDirectory(0) } : { path: at };
        });
        made.apply(changes);
        for (const [at] of [['', undefined] as const, ...made.below('')]) {
          const there = ['a', 'b'].filter((name) => made.get(join(at, name)) !== undefined);
          expect(made.names(at)).toEqual(there);
        }
      }),
    );
  });
});
