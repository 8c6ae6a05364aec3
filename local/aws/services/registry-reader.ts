import { createHash } from 'node:crypto';
import { AwsError } from '../error.ts';

/** An image as a registry holds it. */
export interface StoredImage {
  digest: string;
  tags: string[];
  mediaType: string;
  /** Of the layers, as ECR counts it. */
  bytes: number;
  /** The manifest, byte for byte. */
  manifest: string;
}

/** What is in an OCI registry. */
export interface RegistryReader {
  repositories(): Promise<string[]>;
  /** Images with a tag; an unknown repository has none. */
  images(repository: string): Promise<StoredImage[]>;
}

const ACCEPT = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** Reads the registry at `url` over the OCI distribution protocol: https://github.com/opencontainers/distribution-spec */
export function readRegistry(url: string): RegistryReader {
  const get = async (path: string): Promise<Response | undefined> => {
    const response = await fetch(`${url}/v2/${path}`, { headers: { accept: ACCEPT } }).catch(
      (error: unknown) => {
        throw new AwsError(
          'ServerException',
          `the registry at ${url} does not answer: ${String(error)}`,
          500,
        );
      },
    );
    if (response.ok) return response;
    await response.body?.cancel();
    return undefined;
  };
  const names = async (path: string, member: 'repositories' | 'tags'): Promise<string[]> => {
    const response = await get(path);
    const answer = response === undefined ? {} : ((await response.json()) as Record<string, unknown>);
    return Array.isArray(answer[member]) ? answer[member].map(String) : [];
  };
  return {
    repositories: () => names('_catalog', 'repositories'),
    images: async (repository) => {
      const tags = await names(`${repository}/tags/list`, 'tags');
      const images = new Map<string, StoredImage>();
      for (const tag of tags.sort()) {
        const image = await read(await get(`${repository}/manifests/${tag}`));
        if (image === undefined) continue;
        const known = images.get(image.digest) ?? image;
        known.tags.push(tag);
        images.set(image.digest, known);
      }
      return [...images.values()];
    },
  };
}

async function read(response: Response | undefined): Promise<StoredImage | undefined> {
  if (response === undefined) return undefined;
  const bytes = Buffer.from(await response.arrayBuffer());
  const manifest = JSON.parse(bytes.toString('utf8')) as { mediaType?: string; layers?: { size: number }[] };
  return {
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    tags: [],
    mediaType: response.headers.get('content-type') ?? manifest.mediaType ?? 'application/octet-stream',
    bytes: (manifest.layers ?? []).reduce((sum, layer) => sum + layer.size, 0),
    manifest: bytes.toString('utf8'),
  };
}
