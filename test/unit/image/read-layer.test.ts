import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parallelGzip } from '../../../lib/image/gzip.ts';
import * as types from '../../../lib/image/media-types.ts';
import { readLayer } from '../../../lib/image/read-layer.ts';

const tar = Buffer.from('no tar, but nobody looks'.repeat(10_000));
const read = (bytes: Buffer, type: string) => buffer(readLayer(Readable.from([bytes]), type));

describe('reading a layer', () => {
  test.each([
    [types.OCI_LAYER, tar],
    [types.OCI_LAYER_GZIP, gzipSync(tar)],
    [types.OCI_LAYER_GZIP, Buffer.concat([gzipSync(tar.subarray(0, 9)), gzipSync(tar.subarray(9))])],
    [types.OCI_LAYER_ZSTD, zstdCompressSync(tar)],
    [
      types.OCI_LAYER_ZSTD,
      Buffer.concat([zstdCompressSync(tar.subarray(0, 9)), zstdCompressSync(tar.subarray(9))]),
    ],
    [types.DOCKER_LAYER, tar],
    [types.DOCKER_LAYER_GZIP, gzipSync(tar)],
    [types.DOCKER_LAYER_ZSTD, zstdCompressSync(tar)],
  ])('of type %s', async (type, bytes) => {
    expect((await read(bytes, type)).equals(tar)).toBe(true);
  });

  test.each([
    [types.OCI_LAYER_GZIP, gzipSync(tar).subarray(0, 100)],
    [types.OCI_LAYER_GZIP, tar],
    [types.OCI_LAYER_ZSTD, zstdCompressSync(tar).subarray(0, 20)],
    [types.OCI_LAYER_ZSTD, tar],
  ])('of type %s fails where the bytes are cut off or others', async (type, bytes) => {
    await expect(read(bytes, type)).rejects.toThrow();
  });

  test('passes on the fault of what it reads from', async () => {
    const source = Readable.from(
      (async function* () {
        yield gzipSync(tar);
        throw new Error('torn');
      })(),
    );
    await expect(buffer(readLayer(source, types.OCI_LAYER_GZIP))).rejects.toThrow('torn');
  });

  test('refuses what is no layer', () => {
    expect(() => readLayer(Readable.from([]), 'text/plain')).toThrow('text/plain');
  });
});

describe('parallel gzip', () => {
  test('tells neither when nor on which system it was done', async () => {
    const header = (await buffer(parallelGzip(Readable.from([tar])))).subarray(0, 10);
    expect([...header.subarray(4, 8), header[9]]).toEqual([0, 0, 0, 0, 255]);
  });

  test('always gives the bytes back, the same for any chunks', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 900_000 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const chunks = lengths.map((length, at) => Buffer.alloc(length, `chunk ${at}`));
        const whole = Buffer.concat(chunks);
        const packed = await buffer(parallelGzip(Readable.from(chunks)));
        if (whole.length > 0) expect((await read(packed, types.OCI_LAYER_GZIP)).equals(whole)).toBe(true);
        expect((await buffer(parallelGzip(Readable.from([whole])))).equals(packed)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

test('a layer without end is broken off', async () => {
  const zeros = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  const frames = (function* () {
    for (let count = 0; count < 1000; count++) yield zeros;
  })();
  const tar = readLayer(Readable.from(frames), types.OCI_LAYER_ZSTD);
  let bytes = 0;
  const read = async () => {
    for await (const chunk of tar) bytes += chunk.length;
  };
  await expect(read()).rejects.toThrow(/over 1100 times/);
  expect(bytes).toBeLessThan(3 * 1024 ** 3);
});
