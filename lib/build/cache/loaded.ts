import { messageOf } from '../../errors.ts';
import type { Descriptor, Digest } from '../../image/types.ts';
import type { Artifacts } from '../../registry/artifacts.ts';
import { CACHE_ARTIFACT, CACHE_INDEX, type CacheIndex, parseIndex } from './index.ts';

/** Where a cache is kept. */
export interface CachePlace {
  artifacts: Pick<Artifacts, 'repository' | 'find' | 'read' | 'open' | 'has' | 'deliver' | 'put'>;
  tag: string;
}

/** A cache as it was found. */
export interface LoadedCache {
  place: CachePlace;
  /** Of the manifest. */
  digest: Digest;
  index: CacheIndex;
  blobs: Map<Digest, Descriptor>;
}

const LARGEST_INDEX = 32 * 1024 ** 2;

/** How long a build waits for a cache to be found, in milliseconds: longer would cost more than it saves. */
const PATIENCE_MS = 5_000;

/** The first of `places` that has a cache of ours. What is wrong with another is told, and it counts as none. */
export async function loadCache(
  places: readonly CachePlace[],
  tell: (message: string) => void,
  signal?: AbortSignal,
): Promise<LoadedCache | undefined> {
  for (const place of places) {
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    try {
      const found = await find(place, signal === undefined ? timeout : AbortSignal.any([signal, timeout]));
      if (typeof found === 'object') return found;
      if (found !== 'none') tell(`${nameOf(place)} is left alone: ${found}`);
    } catch (error) {
      if (signal?.aborted) return undefined;
      const why = timeout.aborted ? `no answer in ${PATIENCE_MS / 1000} s` : messageOf(error);
      tell(`${nameOf(place)} cannot be read, the build goes on without it: ${why}`);
    }
  }
  return undefined;
}

export function nameOf({ artifacts, tag }: CachePlace): string {
  return `the cache ${artifacts.repository}:${tag}`;
}

async function find(place: CachePlace, signal: AbortSignal): Promise<LoadedCache | 'none' | string> {
  const found = await place.artifacts.find(place.tag, signal);
  if (found === undefined) return 'none';
  const { digest, manifest } = found;
  const type = manifest.artifactType ?? manifest.config.mediaType;
  if (type !== CACHE_ARTIFACT || manifest.config.mediaType !== CACHE_INDEX)
    return `it is of type ${JSON.stringify(type)}`;
  const blobs = new Map(manifest.layers.map((blob) => [blob.digest, blob]));
  const index = parseIndex(await place.artifacts.read(manifest.config, LARGEST_INDEX, signal), blobs);
  return index === undefined ? 'its index cannot be read' : { place, digest, index, blobs };
}
