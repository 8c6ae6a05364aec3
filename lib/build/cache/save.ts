import type { Digest, Layer } from '../../image/types.ts';
import { blobOf } from '../../registry/artifacts.ts';
import type { Store } from '../store/store.ts';
import { Additions } from './additions.ts';
import { boundIndex, joinIndexes } from './bound.ts';
import { goFolders } from './folders.ts';
import { blobsOf, CACHE_ARTIFACT, CACHE_INDEX, type Place, renderIndex } from './index.ts';
import { type CachePlace, type LoadedCache, loadCache } from './loaded.ts';
import { Packs } from './packs.ts';

/** What keeping a cache came to. */
export interface Saved {
  /** Bytes that were sent; 0 when all was there. */
  sentBytes: number;
  /** What the cache comes to now, in bytes; most of them are the image's own layers. */
  totalBytes: number;
  /** Records in it. */
  entries: number;
}

export interface SaveInput {
  place: CachePlace;
  /** Bytes that the blobs may come to. */
  limit: number;
  store: Store;
  /** The cache that the build began with. */
  loaded: LoadedCache | undefined;
  /** The records that the build read or wrote, `<kind>/<key>`. */
  used: ReadonlySet<string>;
  /** Which layers of the build have which files. */
  made: ReadonlyMap<string, Place>;
  layers: ReadonlyMap<Digest, Layer>;
  /** When the build began, in milliseconds since 1970. */
  since: number;
  /** Comes true when the image is in the repository. */
  published: Promise<unknown>;
  signal?: AbortSignal;
}

/** Sends what the cache lacks, and names it. The manifest comes last: until then the older cache stays whole. */
export async function saveCache(input: SaveInput): Promise<Saved> {
  const { place, limit, signal } = input;
  const { artifacts, tag } = place;
  const now = Math.floor(Date.now() / 1000);
  // Other builds may have kept theirs meanwhile. What is named last wins, and what it leaves out is made again.
  const current = await currentCache(input);
  const additions = new Additions(input, current, now);
  try {
    await additions.gather();
    const blobs = new Map([...(current?.blobs ?? []), ...additions.descriptors]);
    const index = boundIndex(joinIndexes(additions.rest, additions.index), blobs, limit, now);
    const layers = [...blobsOf(index)].flatMap((digest) => blobs.get(digest) ?? []);
    const config = blobOf(CACHE_INDEX, renderIndex(index));
    // Before the image is published, so that little is left to wait for afterwards.
    const early = [...unknown(additions, current), ...(additions.areNew ? [config] : [])];
    let sentBytes = await artifacts.deliver(early, signal);
    await input.published;
    if (additions.areNew) {
      sentBytes += await artifacts.deliver(
        layers.flatMap((one) => additions.source(one) ?? []),
        signal,
      );
      const artifact = { artifactType: CACHE_ARTIFACT, config: config.descriptor, layers };
      sentBytes += await artifacts.put(tag, artifact, signal);
      new Packs(input.store, artifacts.repository).sent(goFolders(input.store));
    }
    const totalBytes = layers.reduce((sum, { size }) => sum + size, 0);
    return { sentBytes, totalBytes, entries: index.entries.size };
  } finally {
    await additions.remove();
  }
}

function unknown({ made }: Additions, current: LoadedCache | undefined) {
  return [...made.values()].filter(({ descriptor }) => !current?.blobs.has(descriptor.digest));
}

async function currentCache({ place, loaded, signal }: SaveInput): Promise<LoadedCache | undefined> {
  const found = await place.artifacts.find(place.tag, signal);
  if (found === undefined) return undefined;
  const isSame =
    loaded?.digest === found.digest && loaded.place.artifacts.repository === place.artifacts.repository;
  return isSame ? loaded : loadCache([place], () => {}, signal);
}
