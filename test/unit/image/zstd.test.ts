import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
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

test('holds back while nobody takes what it has', async () => {
  const small = zstdCompressSync(Buffer.alloc(300_000_000));
  const before = process.memoryUsage().arrayBuffers;
  const stream = Readable.from([small, small]).pipe(new ZstdFrames());
  let size = 0;
  for await (const chunk of stream) {
    if (size === 0) {
      await wait(1000);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    }
    size += (chunk as Buffer).length;
  }
  expect(size).toBe(600_000_000);
});
