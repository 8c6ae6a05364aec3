/** What the kubelet reads of an image manifest. Source: OCI image specification and Docker schema 2. */
export interface Manifest {
  config: Descriptor;
  layers: Descriptor[];
}

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string; variant?: string };
}

export interface ImageConfig {
  config?: {
    Entrypoint?: string[] | null;
    Cmd?: string[] | null;
    Env?: string[] | null;
    WorkingDir?: string;
    User?: string;
    StopSignal?: string;
  };
  rootfs: { diff_ids: string[] };
}

export const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/**
 * Picks this machine's entry of an index.
 * @param architecture as Node names it: `x64`, `arm64`
 * @throws Error in containerd's words when there is none
 */
export function chooseManifest(entries: Descriptor[], architecture: string): Descriptor {
  const wanted = architecture === 'x64' ? 'amd64' : architecture;
  const found = entries.find(({ platform }) => platform?.os === 'linux' && platform.architecture === wanted);
  if (!found) throw new Error(`no match for platform in manifest: linux/${wanted}`);
  return found;
}

/** How a layer's bytes are packed. Source: OCI image specification, `layer.md`. */
export function compressionOf(mediaType: string): 'gzip' | 'zstd' | 'none' {
  if (/[+.]gzip$/.test(mediaType)) return 'gzip';
  return mediaType.endsWith('+zstd') ? 'zstd' : 'none';
}
