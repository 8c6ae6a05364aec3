import { FairleadError } from '../errors.ts';

// OCI image specification, media-types.md.
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';

// Docker, "Image Manifest Version 2, Schema 2".
const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
export const DOCKER_LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
export const DOCKER_LAYER_ZSTD = 'application/vnd.docker.image.rootfs.diff.tar.zstd';

export const INDEX_TYPES: readonly string[] = [OCI_INDEX, DOCKER_INDEX];
export const MANIFEST_TYPES: readonly string[] = [OCI_MANIFEST, DOCKER_MANIFEST];

const LAYERS = new Map<string, { compression: Compression; oci: string }>([
  [OCI_LAYER, { compression: 'none', oci: OCI_LAYER }],
  [OCI_LAYER_GZIP, { compression: 'gzip', oci: OCI_LAYER_GZIP }],
  [OCI_LAYER_ZSTD, { compression: 'zstd', oci: OCI_LAYER_ZSTD }],
  [DOCKER_LAYER, { compression: 'none', oci: OCI_LAYER }],
  [DOCKER_LAYER_GZIP, { compression: 'gzip', oci: OCI_LAYER_GZIP }],
  [DOCKER_LAYER_ZSTD, { compression: 'zstd', oci: OCI_LAYER_ZSTD }],
]);

export type Compression = 'none' | 'gzip' | 'zstd';

/** How a layer of this media type is compressed. Throws `image/unsupported-layer` for any other media type. */
export function compressionOf(mediaType: string): Compression {
  return known(mediaType).compression;
}

/** The OCI's name for a layer's media type, for the same bytes. Throws `image/unsupported-layer`. */
export function ociLayerType(mediaType: string): string {
  return known(mediaType).oci;
}

function known(mediaType: string) {
  const layer = LAYERS.get(mediaType);
  if (layer !== undefined) return layer;
  throw new FairleadError({
    code: 'image/unsupported-layer',
    operation: 'reading an image',
    cause: `a layer of media type ${mediaType} is not a Linux file system's`,
    remedy: 'use an image whose layers are tar, tar+gzip or tar+zstd',
  });
}
