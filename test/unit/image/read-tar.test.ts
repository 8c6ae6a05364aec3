import { Readable } from 'node:stream';
import fc from 'fast-check';
import tar from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { type Entry, inTarOrder } from '../../../lib/image/entry.ts';
import { BadTar, readTar, type TarHeader } from '../../../lib/image/read-tar.ts';
import { tarBytes } from '../../../lib/image/tar.ts';

async function readAll(source: AsyncIterable<Buffer>, takes = true): Promise<[TarHeader, string][]> {
  const found: [TarHeader, string][] = [];
  for await (const [header, body] of readTar(source))
    found.push([header, takes ? (await body.whole()).toString() : '']);
  return found;
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const file = (path: string, text: string, more: Partial<Entry> = {}): Entry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 1,
  gid: 2,
  mtime: 3,
  size: Buffer.byteLength(text),
  open: () => Readable.from([Buffer.from(text)], { objectMode: false }),
  ...more,
});

describe('readTar', () => {
  it('always reads what tarBytes wrote, wherever the chunks are cut', async () => {
    const name = fc.stringMatching(/^[a-zé]{1,60}$/);
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    const contents = fc.uniqueArray(fc.tuple(path, fc.string({ maxLength: 2000 })), {
      selector: ([at]) => at,
    });
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 3000 }), async (files, size) => {
        const entries = inTarOrder(files.map(([at, text]) => file(at, text)));
        const bytes = await collect(tarBytes(entries));
        const read = await readAll(inChunks(bytes, size));
        const expected = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(read.map(([header, text]) => [header.name, text])).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('reads every kind of entry, large numbers and binary attributes', async () => {
    const capability = Buffer.from('0100000280ff000000000000', 'hex');
    const common = { mode: 0o4755, uid: 3_000_000, gid: 5, mtime: 8_600_000_000 };
    const entries: Entry[] = [
      { ...file('a', 'text', { xattrs: { 'security.capability': capability } }), ...common },
      { ...common, path: 'b', type: 'hardlink', linkTarget: 'a' },
      { ...common, path: 'block', type: 'block', device: [259, 70_000] },
      { ...common, path: 'character', type: 'character', device: [1, 3] },
      { ...common, path: 'd', type: 'directory' },
      { ...common, path: 'fifo', type: 'fifo' },
      { ...common, path: 'link', type: 'symlink', linkTarget: 'x'.repeat(300) },
    ];
    const read = await readAll(tarBytes(entries));
    expect(
      read.map(([{ name, type, linkname, major, minor }]) => [name, type, linkname, major, minor]),
    ).toEqual([
      ['a', 'file', '', 0, 0],
      ['b', 'hardlink', 'a', 0, 0],
      ['block', 'block', '', 259, 70_000],
      ['character', 'character', '', 1, 3],
      ['d/', 'directory', '', 0, 0],
      ['fifo', 'fifo', '', 0, 0],
      ['link', 'symlink', 'x'.repeat(300), 0, 0],
    ]);
    expect(read[0]?.[0]).toMatchObject({ mode: 0o4755, uid: 3_000_000, mtime: 8_600_000_000 });
    expect(read[0]?.[0].xattrs.get('security.capability')).toEqual(capability);
  });

  it('reads what another writer wrote, and passes over bodies that nobody takes', async () => {
    const pack = tar.pack();
    for (const name of ['one', `${'long/'.repeat(40)}two`])
      pack.entry({ name, mtime: new Date(0) }, name.repeat(900));
    pack.finalize();
    const bytes = await collect(pack as unknown as AsyncIterable<Buffer>);
    expect((await readAll(inChunks(bytes, 700), false)).map(([{ name }]) => name)).toEqual([
      'one',
      `${'long/'.repeat(40)}two`,
    ]);
    expect((await readAll(inChunks(bytes, 700)))[1]?.[1]).toBe(`${'long/'.repeat(40)}two`.repeat(900));
  });

  it('says what is wrong with what is no tar, and always ends', async () => {
    const whole = await collect(tarBytes([file('a', 'x'.repeat(2000))]));
    const cases: [Buffer, RegExp][] = [
      [Buffer.alloc(1024, 7), /wrong checksum/],
      [whole.subarray(0, 700), /ends too soon/],
      [whole.subarray(0, 300), /middle of a header/],
    ];
    for (const [bytes, message] of cases)
      await expect(readAll(inChunks(bytes, 100))).rejects.toThrow(message);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), async (at, byte) => {
        const spoiled = Buffer.from(whole);
        spoiled[at] = byte;
        await readAll(inChunks(spoiled, 512)).catch((error: unknown) => expect(error).toBeInstanceOf(BadTar));
      }),
    );
  });
});
