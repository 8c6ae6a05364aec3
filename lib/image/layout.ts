import { canonicalJson } from './json.ts';
import { OCI_INDEX } from './media-types.ts';
import { parseReference, renderReference } from './reference.ts';
import type { Descriptor, Digest, Image, OpenBlob } from './types.ts';

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
export function layoutFiles(image: Image, names: readonly string[]): LayoutFile[] {
  const { manifest, manifestBytes, configBytes, layers } = image;
  const files = new Map<string, LayoutFile>();
  const add = (file: LayoutFile) => files.set(file.path, file);
  const addBytes = (path: string, bytes: Uint8Array) => add({ path, size: bytes.length, bytes });
  for (const { descriptor, open } of layers) {
    const { digest, size } = descriptor;
    add({ path: pathOf(digest), size, layer: { digest, open } });
  }
  addBytes(pathOf(manifest.config.digest), configBytes);
  addBytes(pathOf(image.digest), manifestBytes);
  addBytes('oci-layout', canonicalJson({ imageLayoutVersion: '1.0.0' }));
  addBytes('index.json', indexOf(image, names));
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function indexOf({ digest, manifest, manifestBytes, config }: Image, names: readonly string[]): Uint8Array {
  const { os, architecture, variant } = config;
  const descriptor: Descriptor = {
    mediaType: manifest.mediaType,
    digest,
    size: manifestBytes.length,
    platform: { os, architecture, ...(variant !== undefined && { variant }) },
  };
  const manifests = [...new Set(names)].map((name) => ({ ...descriptor, annotations: annotationsOf(name) }));
  return canonicalJson({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: manifests.length > 0 ? manifests : [descriptor],
  });
}

function annotationsOf(name: string): Record<string, string> {
  const reference = parseReference(name);
  return {
    'io.containerd.image.name': renderReference(reference),
    ...(reference.tag !== undefined && { 'org.opencontainers.image.ref.name': reference.tag }),
  };
}

function pathOf(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}
