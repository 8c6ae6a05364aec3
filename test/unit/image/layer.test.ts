import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blobPath, hasBlob } from '../../../lib/image/blob-store.ts';
import { digestOf } from '../../../lib/image/digest.ts';
import type { Entry } from '../../../lib/image/entry.ts';
import { writeLayer } from '../../../lib/image/layer.ts';
import { unpack, useFolder } from './blobs.ts';

const folder = useFolder();
const plain = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000 };
const file = (path: string, bytes: Buffer | string, more: Partial<Entry> = {}): Entry => {
  const contents = Buffer.from(bytes);
  const open = () => Readable.from([contents]);
  return { ...plain, path, type: 'file', size: contents.length, open, ...more };
};
const directory = (path: string): Entry => ({ ...plain, path, type: 'directory', mode: 0o755 });

describe('writing a layer', () => {
  test('keeps every kind of entry with its mode, owner, time and target', async () => {
    const layer = await writeLayer(
      [
        file('usr/bin/app', 'program', { mode: 0o4755, uid: 1000, gid: 2_000_000 }),
        { ...plain, path: 'usr/bin/a', type: 'symlink', mode: 0o777, linkTarget: '../../x' },
        { ...plain, path: 'bin', type: 'hardlink', linkTarget: 'usr/bin/app' },
        directory('usr/bin'),
        directory('usr'),
        file('secret', '', { mode: 0 }),
        file('.wh.old', ''),
      ],
      folder(),
    );
    const entries = (await unpack(layer)).map(({ name, type, mode, uid, gid, mtime, linkname, bytes }) =>
      [name, type, mode.toString(8), uid, gid, mtime.getTime() / 1000, linkname, bytes.toString()].join(' '),
    );
    expect(entries).toEqual([
      '.wh.old file 644 0 0 1700000000  ',
      'secret file 0 0 0 1700000000  ',
      'usr/ directory 755 0 0 1700000000  ',
      'usr/bin/ directory 755 0 0 1700000000  ',
      'usr/bin/a symlink 777 0 0 1700000000 ../../x ',
      'usr/bin/app file 4755 1000 2000000 1700000000  program',
      'bin link 644 0 0 1700000000 usr/bin/app ',
    ]);
  });

  test('tells in an extended header what a plain one cannot hold', async () => {
    const long = `${'d'.repeat(120)}/${'n'.repeat(200)}`;
    const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
    const xattrs = { 'user.z': Buffer.from('z'), 'security.capability': capability };
    const layer = await writeLayer(
      [
        file(long, 'long'),
        file('grüße/ß', 'text'),
        { ...plain, path: 'link', type: 'symlink', linkTarget: 't'.repeat(150) },
        file('odd', '!', { uid: 3_000_000, gid: 3_000_001, mtime: 70_000_000_000 }),
        file('old', '!', { mtime: -5 }),
        file('with', 'x', { xattrs }),
      ],
      folder(),
    );
    const byName = new Map((await unpack(layer)).map((entry) => [entry.name, entry]));
    expect(byName.get(long)?.bytes.toString()).toBe('long');
    expect(byName.get('grüße/ß')?.bytes.toString()).toBe('text');
    expect(byName.get('link')?.linkname).toBe('t'.repeat(150));
    expect(byName.get('odd')?.pax).toEqual({ uid: '3000000', gid: '3000001', mtime: '70000000000' });
    expect(byName.get('old')?.pax).toEqual({ mtime: '-5' });
    const tar = gunzipSync(await readFile(blobPath(folder(), layer.descriptor.digest)));
    const record = Buffer.concat([
      Buffer.from('SCHILY.xattr.security.capability='),
      capability,
      Buffer.from('\n'),
    ]);
    expect(tar.includes(record)).toBe(true);
    expect(tar.indexOf('SCHILY.xattr.user.z=z\n')).toBeGreaterThan(tar.indexOf(record));
  });

  test('knows its digests and size, and is in the store under them', async () => {
    const layer = await writeLayer([file('a', randomBytes(2_500_000))], folder());
    const bytes = await readFile(blobPath(folder(), layer.descriptor.digest));
    expect(layer.descriptor).toEqual({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: digestOf(bytes),
      size: bytes.length,
    });
    expect(layer.diffID).toBe(digestOf(gunzipSync(bytes)));
    expect(await hasBlob(folder(), layer.descriptor.digest, bytes.length)).toBe(true);
    expect(await hasBlob(folder(), layer.descriptor.digest, 1)).toBe(false);
  });

  test.each([10, 300_000])('reads a file of %d bytes by its path', async (size) => {
    const path = join(folder(), 'input');
    const bytes = randomBytes(size);
    await writeFile(path, bytes);
    const [entry] = await unpack(
      await writeLayer([{ ...plain, path: 'f', type: 'file', size, file: path }], folder()),
    );
    expect(entry?.bytes.equals(bytes)).toBe(true);
  });

  test('of nothing is a tar all the same', async () => {
    const layer = await writeLayer([], folder());
    expect(await unpack(layer)).toEqual([]);
    expect(layer.diffID).toBe(digestOf(Buffer.alloc(1024)));
  });

  test('always gives the same digests for the same entries, however they arrive', async () => {
    const entries = [
      directory('a'),
      file('a/b', randomBytes(1_500_000)),
      file('a.b', 'x'),
      file('a/.wh.c', ''),
      { ...plain, path: 'a/hard', type: 'hardlink' as const, linkTarget: 'a/b' },
      directory('ä'),
    ];
    const { descriptor, diffID } = await writeLayer(entries, folder());
    const arrival = fc.tuple(
      fc.shuffledSubarray(entries, { minLength: entries.length }),
      fc.integer({ min: 1000, max: 99_999 }),
    );
    await fc.assert(
      fc.asyncProperty(arrival, async ([shuffled, chunk]) => {
        const rechunked = shuffled.map((one) =>
          one.open ? { ...one, open: async () => Readable.from(inChunks(await one.open?.(), chunk)) } : one,
        );
        const again = await writeLayer(rechunked, folder());
        expect([again.descriptor, again.diffID]).toEqual([descriptor, diffID]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a layer that cannot be', () => {
  test.each([
    ['a path that leads out', [file('../x', '')], 'image/bad-entry'],
    ['an absolute path', [file('/x', '')], 'image/bad-entry'],
    ['no path', [file('', '')], 'image/bad-entry'],
    ['a path twice', [file('x', ''), file('x', '')], 'image/duplicate-entry'],
    ['a link to nowhere', [{ ...plain, path: 'x', type: 'symlink' as const }], 'image/bad-entry'],
    [
      'a file without its bytes',
      [{ ...plain, path: 'x', type: 'file' as const, size: 1 }],
      'image/bad-entry',
    ],
    ['a file that grew', [file('x', 'ab', { size: 1 })], 'image/file-changed'],
    ['a file that shrank', [file('x', 'ab', { size: 3 })], 'image/file-changed'],
  ])('%s is refused, and nothing is left in the store', async (_name, entries, code) => {
    const store = join(folder(), code.replace('/', '-'));
    await expect(writeLayer(entries, store)).rejects.toMatchObject({ code });
    const left = await readdir(store, { recursive: true }).catch(() => []);
    expect(left.filter((path) => !/^(sha256|unfinished)$/.test(path))).toEqual([]);
  });
});

async function* inChunks(source: Readable | undefined, size: number): AsyncGenerator<Buffer> {
  for await (const chunk of (source ?? []) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size);
  }
}
