import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { unpackTree } from '../../../lib/build/disk/unpack.ts';
import { applyRows } from '../../../lib/build/store/apply-rows.ts';
import { layerRows, type Row } from '../../../lib/build/store/layer-index.ts';
import { Store } from '../../../lib/build/store/store.ts';
import { Tree } from '../../../lib/build/tree.ts';
import { assembleImage } from '../../../lib/image/assemble.ts';
import type { Digest, Layer } from '../../../lib/image/types.ts';
import { buildFiles, registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

/** A layer as GNU tar writes it when files are appended that it has already (`-r`). */
function appended(later: string): Layer {
  const from = scratch.directory();
  const tar = join(scratch.directory(), 'layer.tar');
  writeFileSync(join(from, 'a'), 'first');
  linkSync(join(from, 'a'), join(from, 'b'));
  execFileSync('tar', ['-C', from, '-cf', tar, 'a', 'b']);
  rmSync(join(from, 'a'));
  writeFileSync(join(from, 'a'), later);
  linkSync(join(from, 'a'), join(from, 'c'));
  execFileSync('tar', ['-C', from, '-rf', tar, 'a', 'c']);
  return layerOf(readFileSync(tar));
}

function layerOf(bytes: Buffer): Layer {
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  return {
    descriptor: { mediaType, digest, size: bytes.length },
    diffID: digest,
    open: async () => Readable.from([bytes]),
  };
}

function imageOf(layer: Layer) {
  return assembleImage({ config: { os: 'linux', architecture: 'amd64', config: {} }, layers: [layer] });
}

async function treeOf(layer: Layer, store: Store): Promise<Tree> {
  const tree = new Tree();
  await applyRows(tree, await layerRows(layer, store), layer, store);
  return tree;
}

describe.each([
  ['of the same length', 'other'],
  ['longer', 'another, longer one'],
])('a file that its layer has twice, the last one %s', (_, later) => {
  it('is the last one for COPY, and links to the first one stay that', async () => {
    const base = appended(later);
    const text = 'FROM base AS b\nFROM scratch\nCOPY --from=b /a /b /c /to/\n';
    const { files } = await buildFiles(
      scratch,
      { Dockerfile: text },
      { registries: registryOf({ base: imageOf(base) }) },
    );
    expect(files).toMatchObject({
      'to/a': expect.stringMatching(new RegExp(`${later}$`)),
      'to/b': expect.stringMatching(/first$/),
      'to/c': expect.stringMatching(new RegExp(`${later}$`)),
    });
  });

  it('is unpacked as tar does it', async () => {
    const root = join(scratch.directory(), 'root');
    await unpackTree(await treeOf(appended(later), new Store(scratch.directory())), root, 'user');
    const read = (name: string) => readFileSync(join(root, name), 'utf8');
    expect(['a', 'b', 'c'].map(read)).toEqual([later, 'first', later]);
    const inode = (name: string) => statSync(join(root, name)).ino;
    expect([inode('c') === inode('a'), inode('b') === inode('a')]).toEqual([true, false]);
  });
});

describe('a base with paths that are deep', () => {
  const directory = (path: string): Row => [path, 'd', 0o755, 0, 0, 0, 0, '', ''];
  const rowsOf = (depth: number): Row[] =>
    Array.from({ length: depth }, (_, index) =>
      directory(
        Array(index + 1)
          .fill('d')
          .join('/'),
      ),
    );

  async function applied(rows: readonly Row[], signal?: AbortSignal): Promise<Tree> {
    const tree = new Tree();
    await applyRows(tree, rows, layerOf(Buffer.from('x')), new Store(scratch.directory()), signal);
    return tree;
  }

  it('takes no longer for that', { timeout: 10_000 }, async () => {
    const started = performance.now();
    const tree = await applied(rowsOf(2040));
    expect([...tree.below('')]).toHaveLength(2040);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('is refused beyond what Linux has place for', async () => {
    await expect(applied(rowsOf(2100))).rejects.toThrow(
      /a path of 4097 bytes, and Linux takes no more than 4095/,
    );
    const long = 'x'.repeat(256);
    await expect(applied([directory(long)])).rejects.toThrow(/a name of 256 bytes/);
    const link: Row = ['l', 'l', 0o777, 0, 0, 0, 0, 'x/'.repeat(3000), ''];
    await expect(applied([link])).rejects.toThrow(/a link of 6000 bytes/);
  });

  it('lets a signal in between, whatever takes it so long', { timeout: 10_000 }, async () => {
    const deep = 'd/'.repeat(2000);
    const rows = Array.from({ length: 20_000 }, (_, index): Row[] => [
      ['l', 'l', 0o777, 0, 0, 0, 0, index % 2 === 0 ? 'x' : 'y', ''],
      directory(`l/${deep}z`),
    ]).flat();
    const started = performance.now();
    await expect(applied(rows, AbortSignal.timeout(100))).rejects.toThrow(/timeout/);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('follows links that a later entry puts in place of others', async () => {
    const link = (to: string): Row => ['l', 'l', 0o777, 0, 0, 0, 0, to, ''];
    const tree = await applied([
      directory('x'),
      directory('y'),
      link('x'),
      directory('l/1'),
      link('y'),
      directory('l/2'),
      directory('l'),
      directory('l/3'),
    ]);
    expect([...tree.below('')].map(([path]) => path)).toEqual(['l', 'l/3', 'x', 'x/1', 'y', 'y/2']);
  });
});
