import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** As JSON in zstd. */
export async function packJson(value: unknown): Promise<Buffer> {
  return compress(JSON.stringify(value));
}

/** Reads it back. Throws for what is neither, and for more than `limit` bytes of JSON. */
export async function unpackJson(bytes: Uint8Array, limit: number): Promise<unknown> {
  const text = await decompress(bytes, { maxOutputLength: limit });
  return JSON.parse(text.toString('utf8'));
}
