import { digestOf } from './digest.ts';
import { canonicalJson } from './json.ts';
import { OCI_INDEX } from './media-types.ts';
import type { Digest, Image, Index, Platform } from './types.ts';

/** One image of several that are called by one name, and what it is for. */
export interface PlatformImage {
  image: Image;
  platform: Platform;
}

/** An index with the bytes that are published. */
export interface ImageIndex {
  digest: Digest;
  index: Index;
  indexBytes: Uint8Array;
}

/** The index of images for several platforms, in the order given, as canonical JSON (OCI image specification, image-index.md). */
export function assembleIndex(images: readonly PlatformImage[]): ImageIndex {
  const index: Index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: images.map(({ image, platform }) => ({
      mediaType: image.manifest.mediaType,
      digest: image.digest,
      size: image.manifestBytes.length,
      platform,
    })),
  };
  const indexBytes = canonicalJson(index);
  return { digest: digestOf(indexBytes), index, indexBytes };
}
