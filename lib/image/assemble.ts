import { digestOf } from './digest.ts';
import { canonicalJson } from './json.ts';
import { OCI_CONFIG, OCI_MANIFEST, ociLayerType } from './media-types.ts';
import type { Image, ImageConfig, Layer, Manifest } from './types.ts';

/** What an image is made of. The layers' diffIDs become `config.rootfs`. */
export interface Parts {
  config: Omit<ImageConfig, 'rootfs'>;
  /** From the lowest up; those of a base come first. */
  layers: readonly Layer[];
  annotations?: Record<string, string>;
}

/**
 * Puts an image together: config and manifest as canonical JSON with the OCI's media types, so that the same parts
 * always make the same digest. Docker's layers keep their bytes and get the OCI's name for them.
 * Throws `image/unsupported-layer`.
 */
export function assembleImage({ config, layers, annotations }: Parts): Image {
  const ociLayers = layers.map((layer) => ({
    ...layer,
    descriptor: {
      mediaType: ociLayerType(layer.descriptor.mediaType),
      digest: layer.descriptor.digest,
      size: layer.descriptor.size,
    },
  }));
  const full: ImageConfig = {
    ...config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffID }) => diffID) },
  };
  const configBytes = canonicalJson(full);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length },
    layers: ociLayers.map(({ descriptor }) => descriptor),
    ...(annotations !== undefined && { annotations }),
  };
  const manifestBytes = canonicalJson(manifest);
  return {
    digest: digestOf(manifestBytes),
    manifest,
    manifestBytes,
    config: full,
    configBytes,
    layers: ociLayers,
  };
}
