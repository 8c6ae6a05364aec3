import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ZstdFrames } from '../../../lib/image/zstd.ts';

// RFC 8878, section 3.1.2: a frame that says nothing, as zstd:chunked appends it.
const skippable = Buffer.concat([Buffer.from([0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), Buffer.from('skips')]);

test('always gives back what is in all frames, wherever the chunks are cut', async () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 0, max: 1_000_000 }).map((length) => Buffer.alloc(length, 'abc')),
    fc.constant(undefined),
  );
  const input = fc.tuple(fc.array(part, { maxLength: 6 }), fc.integer({ min: 11, max: 5000 }));
  await fc.assert(
    fc.asyncProperty(input, async ([parts, size]) => {
      const packed = Buffer.concat(parts.map((bytes) => (bytes ? zstdCompressSync(bytes) : skippable)));
      const chunks = Array.from({ length: Math.ceil(packed.length / size) }, (_, at) =>
        packed.subarray(at * size, (at + 1) * size),
      );
      const plain = await buffer(Readable.from(chunks).pipe(new ZstdFrames()));
      expect(plain.equals(Buffer.concat(parts.flatMap((bytes) => bytes ?? [])))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('hands on only as fast as it is taken', async () => {
  const small = zstdCompressSync(Buffer.alloc(500_000_000));
  const stream = Readable.from([small, small]).pipe(new ZstdFrames());
  let size = 0;
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(size).toBe(1_000_000_000);
  expect(most).toBeLessThan(100_000_000);
});
