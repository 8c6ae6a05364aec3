import type { Descriptor, Digest } from '../../image/types.ts';
import { blobsOf, type CacheEntry, type CacheIndex } from './index.ts';

/** What nobody used for so long goes, in seconds. */
const OLDEST = 14 * 24 * 60 * 60;

/** More would make an index that takes longer to read than it saves. */
const MOST_ENTRIES = 2_000;

/** Joins what two builds wrote: of the same entry, the one that was used last. */
export function joinIndexes(a: CacheIndex, b: CacheIndex): CacheIndex {
  const entries = new Map(a.entries);
  for (const [name, entry] of b.entries) {
    const other = entries.get(name);
    if (other === undefined || other.usedAt < entry.usedAt) entries.set(name, entry);
  }
  const packs = new Map([...a.packs, ...b.packs].map((pack) => [`${pack.folder} ${pack.digest}`, pack]));
  return { version: 1, entries, packs: [...packs.values()], diffIDs: new Map([...a.diffIDs, ...b.diffIDs]) };
}

/**
 * Leaves out what was not used for the longest time until all blobs together have `limit` bytes at most, and what is too
 * old. Pure. A blob that several entries need counts once, and goes with the last of them.
 */
export function boundIndex(
  index: CacheIndex,
  blobs: ReadonlyMap<Digest, Pick<Descriptor, 'size'>>,
  limit: number,
  now: number,
): CacheIndex {
  const kept: CacheIndex = { version: 1, entries: new Map(), packs: [], diffIDs: new Map() };
  const counted = new Set<Digest>();
  let bytes = 0;
  const fits = (needed: readonly Digest[]): boolean => {
    const added = [...new Set(needed)].filter((digest) => !counted.has(digest));
    const size = added.reduce((sum, digest) => sum + (blobs.get(digest)?.size ?? 0), 0);
    if (bytes + size > limit) return false;
    bytes += size;
    for (const digest of added) counted.add(digest);
    return true;
  };
  for (const one of byUse(index)) {
    if (now - one.usedAt > OLDEST) continue;
    if ('folder' in one) {
      if (fits([one.digest])) kept.packs.push(one);
    } else if (kept.entries.size < MOST_ENTRIES && fits(needsOf(one.entry)))
      kept.entries.set(one.name, one.entry);
  }
  const needed = blobsOf(kept);
  for (const [digest, diffID] of index.diffIDs) if (needed.has(digest)) kept.diffIDs.set(digest, diffID);
  return kept;
}

function needsOf({ blob, layers }: CacheEntry): Digest[] {
  return blob === undefined ? layers : [...layers, blob];
}

/** The youngest first; Go's caches before records of the same age, as they are of use for every commit. */
function byUse({ entries, packs }: CacheIndex) {
  const named = [...entries].map(([name, entry]) => ({ name, entry, usedAt: entry.usedAt }));
  return [...packs, ...named].sort((a, b) => b.usedAt - a.usedAt);
}
