import { descriptorOf } from './assemble-index.ts';
import { canonicalJson } from './json.ts';
import { OCI_INDEX } from './media-types.ts';
import { parseReference, renderReference } from './reference.ts';
import type { Descriptor, Digest, Image, ImageIndex, OpenBlob } from './types.ts';

/** A file of an OCI image layout (OCI image specification, image-layout.md). */
export interface LayoutFile {
  /** Relative to the layout: `index.json`, `blobs/sha256/<hex>`. */
  path: string;
  size: number;
  /** The bytes of the small ones … */
  bytes?: Uint8Array;
  /** … and how to stream the layers, with the digest they must have. */
  layer?: { digest: Digest; open: OpenBlob };
}

/**
 * The files of a layout that holds `image`, in the order of their paths. Each of `names` gets an entry in the index,
 * with the annotations by which skopeo (the tag) and containerd (the full name) find it.
 */
export function layoutFiles(image: Image | ImageIndex, names: readonly string[]): LayoutFile[] {
  const files = new Map<string, LayoutFile>();
  const add = (file: LayoutFile) => files.set(file.path, file);
  const addBytes = (path: string, bytes: Uint8Array) => add({ path, size: bytes.length, bytes });
  for (const { digest, manifest, manifestBytes, configBytes, layers } of imagesOf(image)) {
    for (const { descriptor, open } of layers) {
      const { digest, size } = descriptor;
      add({ path: blobOf(digest), size, layer: { digest, open } });
    }
    addBytes(blobOf(manifest.config.digest), configBytes);
    addBytes(blobOf(digest), manifestBytes);
  }
  if ('images' in image) addBytes(blobOf(image.digest), image.indexBytes);
  addBytes('oci-layout', canonicalJson({ imageLayoutVersion: '1.0.0' }));
  addBytes('index.json', indexOf(image, names));
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The images under one digest: one a platform, or the one. */
export function imagesOf(image: Image | ImageIndex): readonly Image[] {
  return 'images' in image ? image.images : [image];
}

function indexOf(image: Image | ImageIndex, names: readonly string[]): Uint8Array {
  const descriptor = rootOf(image);
  const manifests = [...new Set(names)].map((name) => ({ ...descriptor, annotations: annotationsOf(name) }));
  return canonicalJson({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: manifests.length > 0 ? manifests : [descriptor],
  });
}

/** The descriptor of what the digest names: an image's manifest, or an index. */
export function rootOf(image: Image | ImageIndex): Descriptor {
  if (!('images' in image)) return descriptorOf(image);
  return { mediaType: image.index.mediaType, digest: image.digest, size: image.indexBytes.length };
}

function annotationsOf(name: string): Record<string, string> {
  const reference = parseReference(name);
  return {
    'io.containerd.image.name': renderReference(reference),
    ...(reference.tag !== undefined && { 'org.opencontainers.image.ref.name': reference.tag }),
  };
}

/** Where a layout has the blob with this digest. */
export function blobOf(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}
