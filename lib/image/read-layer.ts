import { PassThrough, pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FairleadError } from '../errors.ts';
import { compressionOf } from './media-types.ts';
import { ZstdFrames } from './zstd.ts';

/** A layer of more uncompressed bytes than LARGE may be this many times larger than it is compressed: gzip's utmost. */
const MOST_EXPANSION = 1_100;
const LARGE = 1024 ** 3;

/**
 * The tar inside a layer's bytes: decompressed by its media type, in memory that does not grow with it. Faults of
 * `source` and of the compression come out as errors of the stream, and one that has no end: `image/layer-too-large`.
 * Throws `image/unsupported-layer`.
 */
export function readLayer(source: Readable, mediaType: string): Readable {
  const decompress = {
    none: () => new PassThrough(),
    gzip: () => createGunzip({ chunkSize: 128 * 1024 }),
    zstd: () => new ZstdFrames(),
  }[compressionOf(mediaType)]();
  let compressed = 0;
  source.on('data', (chunk: Buffer) => {
    compressed += chunk.length;
  });
  // The error reaches whoever reads the last stream of a pipeline; the callback is there as one is asked for.
  return pipeline(
    source,
    decompress,
    limitedBy(() => LARGE + compressed * MOST_EXPANSION),
    () => {},
  );
}

function limitedBy(limit: () => number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      bytes += chunk.length;
      if (bytes <= limit()) done(null, chunk);
      else done(tooLarge(bytes));
    },
  });
}

function tooLarge(bytes: number): FairleadError {
  return new FairleadError({
    code: 'image/layer-too-large',
    operation: 'reading a layer',
    cause: `it came to ${bytes} bytes and more, over ${MOST_EXPANSION} times what it is compressed`,
    remedy: 'use another image',
  });
}
