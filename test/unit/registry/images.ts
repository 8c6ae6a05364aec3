import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { assembleImage } from '../../../lib/image/assemble.ts';
import { digestOf } from '../../../lib/image/digest.ts';
import { OCI_LAYER_GZIP } from '../../../lib/image/media-types.ts';
import type { Image, Layer, Platform } from '../../../lib/image/types.ts';
import type { Patience } from '../../../lib/registry/retry.ts';

export const AMD64 = { os: 'linux', architecture: 'amd64' };

/** Waits that a test can bear. */
export const QUICK: Patience = { attempts: 4, firstDelay: 1, longestDelay: 2_000 };

/** A layer of random bytes, which look like a tar to nobody who does not unpack them. */
export function layerOf(size: number): Layer & { bytes: Buffer } {
  const tar = randomBytes(size);
  const bytes = gzipSync(tar, { level: 0 });
  return {
    bytes,
    descriptor: { mediaType: OCI_LAYER_GZIP, digest: digestOf(bytes), size: bytes.length },
    diffID: digestOf(tar),
    open: async () => Readable.from(chunksOf(bytes)),
  };
}

export function imageOf(...layers: Layer[]): Image {
  return imageFor(AMD64, ...layers);
}

export function imageFor(platform: Platform, ...layers: Layer[]): Image {
  return assembleImage({ config: { ...platform, config: { Cmd: ['/app'] } }, layers });
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}
