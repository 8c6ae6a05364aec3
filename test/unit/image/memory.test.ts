import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { writeLayer } from '../../../lib/image/layer.ts';
import { useFolder } from './blobs.ts';

const folder = useFolder();
const MIB = 1024 * 1024;

// Bytes that hold the writer back less than anything: what piles up would do so here.
test('a large layer is not held in memory', async () => {
  const size = 400 * MIB;
  let most = 0;
  function* zeros() {
    const chunk = Buffer.alloc(MIB);
    for (let sent = 0; sent < size; sent += MIB) {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
      yield chunk;
    }
  }
  const before = process.memoryUsage().arrayBuffers;
  const entry = { path: 'big', type: 'file' as const, mode: 0o644, uid: 0, gid: 0, mtime: 0, size };
  await writeLayer([{ ...entry, open: () => Readable.from(zeros()) }], folder(), { gzipLevel: 1 });
  expect(most - before).toBeLessThan(100 * MIB);
});
