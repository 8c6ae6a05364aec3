import { PassThrough, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { compressionOf } from './media-types.ts';
import { ZstdFrames } from './zstd.ts';

/**
 * The tar inside a layer's bytes: decompressed by its media type, in memory that does not grow with it. Faults of
 * `source` and of the compression come out as errors of the stream. Throws `image/unsupported-layer`.
 */
export function readLayer(source: Readable, mediaType: string): Readable {
  const decompress = {
    none: () => new PassThrough(),
    gzip: () => createGunzip({ chunkSize: 128 * 1024 }),
    zstd: () => new ZstdFrames(),
  }[compressionOf(mediaType)]();
  // The error reaches whoever reads the last stream of a pipeline; the callback is there as one is asked for.
  return pipeline(source, decompress, () => {});
}
