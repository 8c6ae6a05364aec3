import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { ArchiveEntry } from '../../../lib/build/add/archive.ts';
import { readArchive } from '../../../lib/build/add/archive.ts';
import { bunzip2 } from '../../../lib/build/add/bzip2.ts';
import { GitPack } from '../../../lib/build/add/git-pack.ts';
import { unpackInto } from '../../../lib/build/add/unpack-into.ts';
import { unxz } from '../../../lib/build/add/xz.ts';
import { CopyProblem } from '../../../lib/build/copy/copy-problem.ts';
import { Target } from '../../../lib/build/copy/target.ts';
import { keepBytes } from '../../../lib/build/disk/keep-bytes.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { type Node, Tree } from '../../../lib/build/tree.ts';
import { FairleadError } from '../../../lib/errors.ts';
import { headerBlocks } from '../../../lib/image/ustar.ts';
import { Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

const common = { mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 };

function entry(type: 'file' | 'directory' | 'symlink' | 'hardlink', path: string, link = ''): ArchiveEntry {
  if (type === 'hardlink') return { path, kind: 'hardlink', node: { ...common, type: 'file' }, link };
  const node: Node = type === 'symlink' ? { ...common, type, link } : { ...common, type };
  return { path, kind: 'node', node };
}

/** A stage with something to be lost outside of `dest`. */
function stage(): Tree {
  const tree = new Tree();
  for (const path of ['dest', 'etc', 'dest/in', 'etc/deep']) tree.set(path, { ...common, type: 'directory' });
  tree.set('etc/passwd', { ...common, type: 'file', sha: 'original' });
  tree.set('dest/out', { ...common, type: 'symlink', link: '/etc' });
  tree.set('dest/up', { ...common, type: 'symlink', link: '../etc' });
  return tree;
}

function outside(tree: Tree): string {
  return JSON.stringify([...tree.below('')].filter(([path]) => !path.startsWith('dest/')));
}

describe('a hostile archive', () => {
  it.each<[string, ArchiveEntry[]]>([
    ['climbs', [entry('file', '../etc/passwd')]],
    ['climbs from within', [entry('file', 'in/../../etc/passwd')]],
    ['goes through a symlink that climbs', [entry('symlink', 's', '../etc'), entry('file', 's/passwd')]],
    ['goes through one that is there', [entry('file', 'up/passwd')]],
    ['links hard to what is outside', [entry('hardlink', 'h', '../etc/passwd')]],
    ['links hard through a symlink', [entry('symlink', 's', '..'), entry('hardlink', 'h', 's/etc/passwd')]],
    ['goes in circles', [entry('symlink', 'a', 'b'), entry('symlink', 'b', 'a'), entry('file', 'a/x')]],
    ['links hard to nothing', [entry('hardlink', 'h', 'nope')]],
    ['links hard to a directory', [entry('hardlink', 'h', 'in')]],
    ['makes files of files', [entry('file', 'f'), entry('file', 'f/g')]],
  ])('that %s is refused', (_, entries) => {
    const tree = stage();
    const before = outside(tree);
    expect(() => unpackInto(new Target(tree), 'dest', entries, { mtime: 0, archive: 'a' })).toThrow(
      CopyProblem,
    );
    expect(outside(tree)).toBe(before);
  });

  it.each<[string, ArchiveEntry[], string]>([
    ['an absolute path', [entry('file', '/etc/passwd')], 'dest/etc/passwd'],
    ['an absolute symlink', [entry('symlink', 's', '/etc'), entry('file', 's/new')], 'dest/etc/new'],
    ['an absolute symlink that is there', [entry('file', 'out/new')], 'dest/etc/new'],
    [
      'a symlink in the place of a file',
      [entry('symlink', 'f', '/etc/passwd'), entry('file', 'f')],
      'dest/f',
    ],
  ])('stays inside with %s', (_, entries, path) => {
    const tree = stage();
    const before = outside(tree);
    unpackInto(new Target(tree), 'dest', entries, { mtime: 0, archive: 'a' });
    expect(tree.get(path)?.type).toBe('file');
    expect(outside(tree)).toBe(before);
  });

  it('never leaves the destination, whatever its entries are', () => {
    const name = fc.constantFrom('a', 'b', '..', '.', '', 'out', 'up', 'in', 'etc', 'passwd');
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
    const type = fc.constantFrom(
      'file' as const,
      'directory' as const,
      'symlink' as const,
      'hardlink' as const,
    );
    const any = fc.tuple(type, path, path).map(([kind, at, link]) => entry(kind, at, link));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (entries) => {
        const tree = stage();
        const before = outside(tree);
        const target = new Target(tree);
        try {
          unpackInto(target, 'dest', entries, { mtime: 0, archive: 'a' });
        } catch (error) {
          expect(error).toBeInstanceOf(CopyProblem);
        }
        expect(outside(tree)).toBe(before);
        for (const change of target.changes()) {
          expect(change.path).toMatch(/^dest\//);
          expect(change.path.split('/')).not.toContain('..');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is not unpacked beyond its limits', async () => {
    const store = new Store(scratch.directory());
    const file = `${scratch.directory()}/bomb`;
    const size = 300 * 1024 * 1024;
    const tar = Buffer.concat([
      headerBlocks({ ...common, path: 'zeros', type: 'file', size, file }),
      Buffer.alloc(size),
    ]);
    writeFileSync(file, gzipSync(tar));
    const given = { file, sha: 'a'.repeat(64), size: 300_000 };
    const read = (limits: object) =>
      readArchive(given, store, { limits: { total: 1e12, ratio: 1e9, entries: 10, ...limits } });
    await expect(read({ ratio: 10 })).rejects.toThrow(/looks like a decompression bomb/);
    await expect(read({ total: 1024 * 1024 })).rejects.toThrow(/more than 1 MiB/);
    await expect(read({ entries: 0 })).rejects.toThrow(/more than 0 entries/);
    expect(await read({})).toHaveLength(1);
  });
});

/** Known bytes with some of them changed, or cut. */
function spoiled(bytes: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
  return fc.tuple(fc.array(change, { maxLength: 4 }), fc.nat(bytes.length)).map(([changes, end]) => {
    const copy = Buffer.from(bytes);
    for (const [at, value] of changes) copy[at] = value;
    return changes.length === 0 ? copy.subarray(0, end) : copy;
  });
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const piece of bytes) length += piece.length;
  return length;
}

describe('readers of archives', () => {
  const bzip2 = Buffer.from(
    'QlpoOTFBWSZTWSWes9EAADf7kMmAAEBAAHcAAADhYJ4ABAAACCAAVEIaANABoJJT0Q0HqMQH3hWkpzRdxCiUMR3tTIQwmUYIRV+GE5yXngycOFJyodDpmhAiSEfi7kinChIEs9Z6IA==',
    'base64',
  );
  const xz = Buffer.from(
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Af/AERdADMAM1AYaImDAdzibiEFSnA3hjWJZxFIj5XqIRKY4/T8mpHRtCZmf9iy1zkWEa3FI3yRObRnnxijSnIZ8BVKzr2zPsQAABsU+47cXCd2AAFggBAAAACKPF4qscRn+wIAAAAABFla',
    'base64',
  );
  const tar = Buffer.concat([
    headerBlocks({ ...common, path: 'a'.repeat(120), type: 'file', size: 3, file: 'x' }),
    Buffer.from('abc'.padEnd(512, '\0')),
    headerBlocks({ ...common, path: 'b', type: 'symlink', linkTarget: 'a' }),
    Buffer.alloc(1024),
  ]);

  it('answer or throw what they are to, and end', async () => {
    const told = (error: unknown) =>
      expect(error).toBeOneOf([expect.any(CopyProblem), expect.any(FairleadError)]);
    const file = `${scratch.directory()}/xz`;
    const store = new Store(scratch.directory());
    await fc.assert(
      fc.asyncProperty(spoiled(bzip2), spoiled(xz), spoiled(tar), async (bad, worse, worst) => {
        await drain(bunzip2(once(bad))).catch(told);
        writeFileSync(file, worse);
        await drain(unxz(file)).catch(told);
        writeFileSync(file, worst);
        const { sha, size } = keepBytes(store, worst);
        await readArchive({ file, sha, size }, store).catch(told);
        try {
          writeFileSync(file, Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x05'), worst]));
          new GitPack(file);
          expect.unreachable();
        } catch (error) {
          told(error);
        }
      }),
      { numRuns: 300 },
    );
  });
});
