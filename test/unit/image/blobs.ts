import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract, type Header } from 'tar-stream';
import { afterAll, beforeAll } from 'vitest';
import { readLayer } from '../../../lib/image/read-layer.ts';
import type { Layer } from '../../../lib/image/types.ts';

/** A folder that is there for the tests of one file. */
export function useFolder(): () => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-image-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => folder;
}

export type Unpacked = Header & { bytes: Buffer; pax: Record<string, string> | null };

/** A layer's entries, as another reader of tars (tar-stream) sees them. */
export async function unpack({ open, descriptor }: Layer): Promise<Unpacked[]> {
  const entries: Unpacked[] = [];
  const reader = extract();
  readLayer(await open(), descriptor.mediaType).pipe(reader as unknown as NodeJS.WritableStream);
  for await (const entry of reader) {
    const bytes = await buffer(entry as AsyncIterable<Uint8Array>);
    entries.push({ ...entry.header, pax: entry.header.pax as Unpacked['pax'], bytes });
  }
  return entries;
}
