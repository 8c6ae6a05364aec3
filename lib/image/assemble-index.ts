import { digestOf } from './digest.ts';
import { canonicalJson } from './json.ts';
import { OCI_INDEX } from './media-types.ts';
import type { Descriptor, Image, ImageIndex, Index } from './types.ts';

/** Puts images for different platforms under one digest, in the order in which they are given. */
export function assembleIndex(
  images: readonly Image[],
  annotations?: Readonly<Record<string, string>>,
): ImageIndex {
  const index: Index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: images.map(descriptorOf),
    ...(annotations !== undefined && { annotations: { ...annotations } }),
  };
  const indexBytes = canonicalJson(index);
  return { digest: digestOf(indexBytes), index, indexBytes, images: [...images] };
}

/** How an index names an image, with the platform that its configuration says. */
export function descriptorOf({ digest, manifest, manifestBytes, config }: Image): Descriptor {
  const { os, architecture, variant } = config;
  return {
    mediaType: manifest.mediaType,
    digest,
    size: manifestBytes.length,
    platform: { os, architecture, ...(variant !== undefined && { variant }) },
  };
}
