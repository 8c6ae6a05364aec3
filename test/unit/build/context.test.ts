import { linkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readContext } from '../../../lib/build/plan/context.ts';
import { Hashes } from '../../../lib/build/store/hashes.ts';
import { layerOf } from '../../../lib/build/store/layers.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { type Change, Tree } from '../../../lib/build/tree.ts';
import { parseIgnore } from '../../../lib/dockerfile/ignore.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

describe('a build context', () => {
  it('is read as names, types and modes, all of one time and of root', () => {
    const directory = scratch.context({ 'd/run.sh': '#!/bin/sh', a: 'a', 'empty/': '' });
    symlinkSync('a', `${directory}/l`);
    linkSync(`${directory}/a`, `${directory}/b`);
    const tree = readContext(directory, parseIgnore(''), 7);
    expect([...tree.below('')].map(([path, { type, mode }]) => [path, type, mode.toString(8)])).toEqual([
      ['a', 'file', '644'],
      ['b', 'file', '644'],
      ['d', 'directory', '755'],
      ['d/run.sh', 'file', '755'],
      ['empty', 'directory', '755'],
      ['l', 'symlink', '777'],
    ]);
    expect(new Set([...tree.below('')].map(([, { mtime, uid, gid }]) => [mtime, uid, gid].join()))).toEqual(
      new Set(['7,0,0']),
    );
    expect(tree.get('a')?.hardlink).toBeDefined();
    expect(tree.get('a')?.hardlink).toBe(tree.get('b')?.hardlink);
    expect(tree.get('d/run.sh')?.hardlink).toBeUndefined();
  });

  it('is refused with what is not UTF-8, which would come out as something else, unless it is ignored', () => {
    const bytes = (text: string) => Buffer.from(text, 'latin1');
    const named = scratch.context({ '\ufffd': 'a name that is' });
    writeFileSync(bytes(`${named}/x\xff`), '');
    expect(() => readContext(named, parseIgnore(''), 0)).toThrow(/the name of a file is not UTF-8: "xÿ"/);
    expect(readContext(named, parseIgnore('x*'), 0).names('')).toEqual(['\ufffd']);
    const linked = scratch.context({ a: 'a' });
    symlinkSync(bytes('\xff'), `${linked}/l`);
    expect(() => readContext(linked, parseIgnore(''), 0)).toThrow(/what a symlink says is not UTF-8: "ÿ"/);
  });

  async function changesOf(directory: string): Promise<{ tree: Tree; changes: Change[] }> {
    const context = readContext(directory, parseIgnore(''), 0);
    const tree = new Tree();
    const changes = [...context.below('')].map(([path, node]) => ({ path, node }));
    tree.apply(changes);
    return { tree, changes };
  }

  const change: Record<string, (file: string) => void> = {
    'is written': (file) => writeFileSync(file, 'b'),
    'is written and dated back': (file) => {
      writeFileSync(file, 'b');
      utimesSync(file, 1, 1);
    },
    'is removed': (file) => rmSync(file),
    'is replaced': (file) => {
      rmSync(file);
      writeFileSync(file, 'a');
    },
  };

  it.each(Object.keys(change))(
    'whose file %s after its name was read is refused when it is hashed',
    async (what) => {
      const directory = scratch.context({ a: 'a' });
      const { changes } = await changesOf(directory);
      change[what]?.(`${directory}/a`);
      const hashes = await Hashes.open(new Store(scratch.directory()), 'k');
      const filled = hashes.fill(changes.flatMap(({ node }) => node ?? []));
      await expect(filled).rejects.toThrow(/\/a: the file was changed, or removed, while the build read it/);
    },
  );

  it('makes no layer, and no record of one, of a file that changed after it was hashed', async () => {
    const directory = scratch.context({ a: 'a' });
    const store = new Store(scratch.directory());
    const { changes, tree } = await changesOf(directory);
    await (await Hashes.open(store, 'k')).fill(changes.flatMap(({ node }) => node ?? []));
    writeFileSync(`${directory}/a`, 'b');
    const noCache = { noCache: false, times: 'given' as const };
    await expect(layerOf(changes, tree, store, noCache)).rejects.toThrow(/was changed/);
    // The record would be by the hash of `a`.
    await expect(layerOf(changes, tree, store, noCache)).rejects.toThrow(/was changed/);
  });
});
