import type { Readable } from 'node:stream';

/** `sha256:` and 64 lower-case hexadecimal digits (OCI image specification, descriptor.md, "Digests"). */
export type Digest = `sha256:${string}`;

/** OCI image specification, image-index.md: where an image can run. */
export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

/** OCI image specification, descriptor.md. `size` is in bytes. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  annotations?: Record<string, string>;
  platform?: Platform;
}

/** OCI image specification, manifest.md; Docker's manifest v2 schema 2 has the same shape. */
export interface Manifest {
  schemaVersion: 2;
  mediaType: string;
  /** What it is when it is no image (OCI image specification 1.1). */
  artifactType?: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

/** OCI image specification, image-index.md. */
export interface Index {
  schemaVersion: 2;
  mediaType: string;
  manifests: Descriptor[];
  annotations?: Record<string, string>;
}

/** OCI image specification, config.md, property `config`, with what Docker adds to it. */
export interface RunConfig {
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, Record<string, never>>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Healthcheck?: {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    StartPeriod?: number;
    StartInterval?: number;
    Retries?: number;
  };
  Shell?: string[];
  OnBuild?: string[];
  ArgsEscaped?: boolean;
}

/** OCI image specification, config.md, property `history`. */
export interface HistoryEntry {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** OCI image specification, config.md. */
export interface ImageConfig extends Platform {
  created?: string;
  author?: string;
  config?: RunConfig;
  rootfs: { type: 'layers'; diff_ids: Digest[] };
  history?: HistoryEntry[];
}

/** A readable stream of a blob's bytes, opened anew at each call. It fails when the bytes are not the blob's. */
export type OpenBlob = () => Promise<Readable>;

/**
 * One layer of an image. `open` gives its compressed bytes; for a layer of a base that was never downloaded it
 * fetches them from `source`, which a publisher asks first to mount the blob instead.
 */
export interface Layer {
  descriptor: Descriptor;
  /** Digest of the uncompressed tar. */
  diffID: Digest;
  open: OpenBlob;
  /** The repository that is known to hold the blob, as `host[:port]/path`. */
  source?: string;
}

/** An immutable image, known by the digest of its manifest. The bytes are the ones that are published. */
export interface Image {
  digest: Digest;
  manifest: Manifest;
  manifestBytes: Uint8Array;
  config: ImageConfig;
  configBytes: Uint8Array;
  layers: Layer[];
}

/**
 * One image a platform under one digest (OCI image specification, image-index.md). The bytes are the ones that are
 * published; `images` are in the order of `index.manifests`.
 */
export interface ImageIndex {
  digest: Digest;
  index: Index;
  indexBytes: Uint8Array;
  images: Image[];
}
