import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import tar from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import { readArchive } from '../../../lib/build/add/archive.ts';
import { keepBytes } from '../../../lib/build/disk/keep-bytes.ts';
import { Store } from '../../../lib/build/store/store.ts';
import type { Image } from '../../../lib/image/types.ts';
import { buildFiles, directory, imageOf, registryOf, Scratch } from './support.ts';

const scratch = new Scratch();
afterAll(() => scratch.close());

type Header = Partial<tar.Header> & { name: string; pax?: Record<string, string> };
type Packed = [header: Header, body?: string | Buffer];

async function tarOf(entries: Packed[]): Promise<Buffer> {
  const pack = tar.pack();
  for (const [header, body = ''] of entries) {
    const whole = { mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), ...header };
    pack.entry(whole as tar.Header, body);
  }
  pack.finalize();
  return buffer(pack);
}

const TREE: Packed[] = [
  [{ name: './', type: 'directory', mode: 0o700 }],
  [{ name: 'd/', type: 'directory', mode: 0o750, uid: 3, gid: 4 }],
  [{ name: 'd/f', mode: 0o4755, uid: 1, gid: 2, mtime: new Date(1_000_000_000_000) }, 'hi'],
  [{ name: 'l', type: 'symlink', linkname: 'd' }],
  [{ name: 'h', type: 'link', linkname: 'd/f', mode: 0o4755, uid: 1, gid: 2 }],
  [{ name: 'deep/er/x' }, 'x'],
];

const UNPACKED = {
  d: 'directory 750 3:4',
  'd/f': 'file 4755 1:2 hi',
  l: 'symlink 0:0 -> d',
  h: 'file 4755 1:2 hi',
  deep: 'directory 755 0:0',
  'deep/er': 'directory 755 0:0',
  'deep/er/x': 'file 644 0:0 x',
};

/** Builds a Dockerfile with archives beside it. */
async function added(
  instructions: string,
  archives: Record<string, Buffer>,
  entries?: Parameters<typeof imageOf>[1],
) {
  const context = scratch.context({
    Dockerfile: `FROM ${entries === undefined ? 'scratch' : 'base:1'}\n${instructions}\n`,
  });
  for (const [name, bytes] of Object.entries(archives)) writeFileSync(`${context}/${name}`, bytes);
  const images: Record<string, Image> = {};
  if (entries !== undefined) images['base:1'] = await imageOf(scratch, entries);
  return buildFiles(scratch, {}, { context, registries: registryOf(images) });
}

async function inDirectory(archive: Packed[], entries?: Parameters<typeof imageOf>[1]) {
  return (await added('ADD x.tar /', { 'x.tar': await tarOf(archive) }, entries)).files;
}

// A tar with the file f, `hi`, as GNU's tar, bzip2 and xz make them: nothing in Node would.
const BZIP2 =
  'QlpoOTFBWSZTWSWes9EAADf7kMmAAEBAAHcAAADhYJ4ABAAACCAAVEIaANABoJJT0Q0HqMQH3hWkpzRdxCiUMR3tTIQwmUYIRV+GE5yXngycOFJyodDpmhAiSEfi7kinChIEs9Z6IA==';
const XZ =
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Af/AERdADMAM1AYaImDAdzibiEFSnA3hjWJZxFIj5XqIRKY4/T8mpHRtCZmf9iy1zkWEa3FI3yRObRnnxijSnIZ8BVKzr2zPsQAABsU+47cXCd2AAFggBAAAACKPF4qscRn+wIAAAAABFla';

describe('ADD of an archive', () => {
  it('unpacks it, whatever it is called, with owners, modes, symlinks and hard links', async () => {
    const bytes = await tarOf(TREE);
    expect((await added('ADD x /', { x: bytes })).files).toEqual(UNPACKED);
    expect((await added('ADD x.txt /', { 'x.txt': gzipSync(bytes) })).files).toEqual(UNPACKED);
    expect((await added('ADD x.zip /', { 'x.zip': zstdCompressSync(bytes) })).files).toEqual(UNPACKED);
    const twice = Buffer.concat([gzipSync(bytes.subarray(0, 700)), gzipSync(bytes.subarray(700))]);
    expect((await added('ADD x /', { x: twice })).files).toEqual(UNPACKED);
  });

  it('makes the destination a directory, of --chown; --chmod is for what is copied', async () => {
    const bytes = await tarOf(TREE);
    const archives = { x: bytes, y: Buffer.from('y') };
    const { files } = await added('ADD --chown=7:8 --chmod=600 x y /o/', archives);
    expect(files).toMatchObject({
      o: 'directory 755 7:8',
      'o/d': 'directory 750 7:8',
      'o/d/f': 'file 4755 7:8 hi',
      'o/deep': 'directory 755 0:0',
      'o/y': 'file 600 7:8 y',
    });
  });

  it('leaves it packed when told so, and COPY always does', async () => {
    const bytes = await tarOf(TREE);
    expect(Object.keys((await added('ADD --unpack=false x /', { x: bytes })).files)).toEqual(['x']);
    expect(Object.keys((await added('COPY x /', { x: bytes })).files)).toEqual(['x']);
  });

  it('copies what only looks like one', async () => {
    const header = (await tarOf(TREE)).subarray(0, 512);
    const bad = Buffer.from(header).fill('9', 148, 152);
    const files = {
      'a.tar': Buffer.alloc(10240),
      'b.tar': Buffer.alloc(0),
      'c.tar': Buffer.from('no tar at all'),
      'd.tar.gz': gzipSync('no tar either'),
      'e.tgz': Buffer.from([0x1f, 0x8b, 8, 0, 1]),
      'f.tar': bad,
      'g.bz2': Buffer.from('BZh9 not so'),
      'h.xz': Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2, 3]),
      'i.zst': Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 9, 9]),
    };
    const { files: found } = await added('ADD *.* /', files);
    for (const name of Object.keys(files)) expect(found).toHaveProperty([name]);
  });

  it('is an error when it breaks off, not half a directory', async () => {
    const bytes = await tarOf([
      [{ name: 'f' }, randomBytes(2000)],
      [{ name: 'g' }, 'g'],
    ]);
    await expect(added('ADD x /', { x: bytes.subarray(0, 1000) })).rejects.toThrow(
      /cannot be unpacked: it ends too soon/,
    );
    await expect(added('ADD x /', { x: gzipSync(bytes).subarray(0, 1500) })).rejects.toThrow(
      /cannot be unpacked/,
    );
    const broken = Buffer.from(bytes).fill(1, 2560, 2600);
    await expect(added('ADD x /', { x: broken })).rejects.toThrow(/Dockerfile:2: .*header/);
  });

  it('replaces what is there, merges directories, follows symlinks to directories', async () => {
    const base = [
      directory('d', 0o711),
      directory('usr'),
      directory('usr/lib'),
      { path: 'lib', type: 'symlink' as const, mode: 0o777, uid: 0, gid: 0, mtime: 0, linkTarget: 'usr/lib' },
      directory('was'),
      { path: 'was/file', type: 'symlink' as const, mode: 0o777, uid: 0, gid: 0, mtime: 0, linkTarget: 'x' },
    ];
    const files = await inDirectory(
      [
        [{ name: 'd', type: 'directory', mode: 0o755 }],
        [{ name: 'd/new' }, 'n'],
        [{ name: 'lib/', type: 'directory' }],
        [{ name: 'lib/so' }, 's'],
        [{ name: 'was' }, 'now a file'],
      ],
      base,
    );
    expect(files).toEqual({
      d: 'directory 755 0:0',
      'd/new': 'file 644 0:0 n',
      usr: 'directory 755 0:0',
      'usr/lib': 'directory 644 0:0',
      'usr/lib/so': 'file 644 0:0 s',
      lib: 'symlink 0:0 -> usr/lib',
      was: 'file 644 0:0 now a file',
    });
  });

  it('leaves nothing of a directory that became a file and a directory again', async () => {
    const base = [directory('d'), directory('d/old')];
    const again: Packed[] = [
      [{ name: 'd' }, 'f'],
      [{ name: 'd/', type: 'directory', mode: 0o755 }],
      [{ name: 'd/n' }],
    ];
    expect(await inDirectory(again, base)).toEqual({ d: 'directory 755 0:0', 'd/n': 'file 644 0:0 ' });
  });

  it('is not taken for a file when its xz is of a kind that cannot be read', async () => {
    // `xz --check=sha256`
    const bytes = Buffer.from(
      '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AAsAAxdADDuFmLVCrETHlmWAACfiDTm92bwBGY++x4tWAo7xmfByx8P3iAucPQXoG3ygAABQC1bpiCVGJtLmgEAAAAAClla',
      'base64',
    );
    await expect(added('ADD x /', { x: bytes })).rejects.toThrow(
      /its xz has a filter, a check or a dictionary/,
    );
    expect(Object.keys((await added('ADD --unpack=false x /', { x: bytes })).files)).toEqual(['x']);
  });

  it('is not kept by a hash that it has no more', async () => {
    const store = new Store(scratch.directory());
    const { sha, size } = keepBytes(store, await tarOf(TREE));
    const file = store.file(sha);
    const verify = () => {
      throw new Error('changed');
    };
    await expect(readArchive({ file, sha, size }, store, { verify })).rejects.toThrow('changed');
    expect(await store.read('archives', sha)).toBeUndefined();
  });

  it('is not unpacked again by the next build', async () => {
    const store = new Store(scratch.directory());
    const bytes = await tarOf(TREE);
    const { sha, size } = keepBytes(store, bytes);
    const given = { file: store.file(sha), sha, size };
    const first = await readArchive(given, store);
    expect(first).toHaveLength(6);
    expect(first?.[2]?.node).toMatchObject({ mode: 0o4755, uid: 1, mtime: 1_000_000_000 });
    expect(await readArchive({ ...given, file: '/nowhere' }, store)).toEqual(first);
  });

  it('reads long names, large numbers and global headers', async () => {
    const long = `${'n'.repeat(150)}/${'m'.repeat(120)}`;
    const link = `${'t'.repeat(130)}ü`;
    const global = await tarOf([[{ name: 'g' }, '15 uid=4000000\n']]);
    global[156] = 'g'.charCodeAt(0);
    const sum =
      Number.parseInt(global.toString('latin1', 148, 154), 8) + 'g'.charCodeAt(0) - '0'.charCodeAt(0);
    global.write(sum.toString(8).padStart(6, '0'), 148);
    const named = await tarOf([
      [{ name: long, pax: { uid: '5000000', mtime: '1234.5' } }, 'x'],
      [{ name: 'ü', type: 'symlink', linkname: link }],
    ]);
    const bytes = Buffer.concat([global.subarray(0, 1024), named]);
    const store = new Store(scratch.directory());
    const { sha, size } = keepBytes(store, bytes);
    const entries = await readArchive({ file: store.file(sha), sha, size }, store);
    expect(entries).toMatchObject([
      { path: long, node: { uid: 5_000_000, mtime: 1234, size: 1 } },
      { path: 'ü', node: { type: 'symlink', link, uid: 0 } },
    ]);
  });

  it('reads bzip2 and xz, also several one after the other', async () => {
    for (const text of [BZIP2, XZ]) {
      const bytes = Buffer.from(text, 'base64');
      expect((await added('ADD x /', { x: bytes })).files).toEqual({ f: 'file 644 0:0 hi' });
      const twice = Buffer.concat([bytes, Buffer.alloc(text === XZ ? 8 : 0), bytes]);
      expect((await added('ADD x /', { x: twice })).files).toEqual({ f: 'file 644 0:0 hi' });
      const broken = Buffer.from(bytes);
      broken[60] = (broken[60] ?? 0) ^ 0x55;
      // What cannot be decompressed at all is no archive, and is copied.
      expect(Object.keys((await added('ADD x /', { x: broken })).files)).toEqual(['x']);
    }
  });
});
