import * as z from 'zod/mini';
import { isDigest } from '../../image/digest.ts';
import { canonicalJson } from '../../image/json.ts';
import type { Descriptor, Digest } from '../../image/types.ts';

/** The artifact's type; another number after the `v` is another format, which is left alone. */
export const CACHE_ARTIFACT = 'application/vnd.fairlead.cache.v1';
export const CACHE_INDEX = 'application/vnd.fairlead.cache.index.v1+json';
/** Files of a folder: a tar in zstd. */
export const CACHE_PACK = 'application/vnd.fairlead.cache.pack.v1.tar+zstd';
/** A record that is too large for the index: its JSON in zstd. */
export const CACHE_RECORD = 'application/vnd.fairlead.cache.record.v1.json+zstd';

/** Where the bytes of a file are: its sha256, the layer that has it, its path in there. */
export type Place = [sha: string, layer: Digest, path: string];

/** What is known of one record: the record with the places of its files, or the blob that holds both. */
export interface CacheEntry {
  /** Seconds since 1970. */
  usedAt: number;
  record?: unknown;
  places?: Place[];
  blob?: Digest;
  /** The layers that it needs to be of use. */
  layers: Digest[];
}

/** Some files of a folder that is kept as a whole. */
export interface CachePack {
  /** `go-build`, `go-mod` or `mount-<key>`. */
  folder: string;
  digest: Digest;
  /** Of the files, uncompressed. */
  bytes: number;
  usedAt: number;
}

/** The config of the artifact: what is in it, and where. */
export interface CacheIndex {
  version: 1;
  /** By `<kind>/<key>`. */
  entries: Map<string, CacheEntry>;
  packs: CachePack[];
  /** The uncompressed digest of each layer. */
  diffIDs: Map<Digest, Digest>;
}

const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const seconds = z.number().check(z.nonnegative());
const sha = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** A path that stays where it belongs. */
export const insidePath = z.custom<string>(
  (value) =>
    typeof value === 'string' &&
    value.length < 4096 &&
    !value.includes('\0') &&
    value.split('/').every((name) => name !== '' && name !== '.' && name !== '..'),
);

export const placesSchema = z.array(z.tuple([sha, digest, insidePath]));
const entrySchema = z.object({
  usedAt: seconds,
  record: z.optional(z.unknown()),
  places: z.optional(placesSchema),
  blob: z.optional(digest),
  layers: z.array(digest),
});
const packSchema = z.object({
  folder: z.string().check(z.regex(/^(go-build|go-mod|mount-[0-9a-f]{64})$/)),
  digest,
  bytes: z.int().check(z.nonnegative()),
  usedAt: seconds,
});
const indexSchema = z.object({
  version: z.literal(1),
  entries: z.array(z.tuple([z.string().check(z.regex(/^[a-z]+\/[\w.-]+$/)), entrySchema])),
  packs: z.array(packSchema),
  diffIDs: z.array(z.tuple([digest, digest])),
});

export function emptyIndex(): CacheIndex {
  return { version: 1, entries: new Map(), packs: [], diffIDs: new Map() };
}

/**
 * Reads an index; undefined when it is none of ours. What needs a blob that `blobs` do not have is left out: it would
 * be of no use.
 */
export function parseIndex(
  bytes: Uint8Array,
  blobs: ReadonlyMap<Digest, Descriptor>,
): CacheIndex | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  const { success, data } = indexSchema.safeParse(json);
  if (!success) return undefined;
  const isThere = ({ blob, layers }: CacheEntry) =>
    [...layers, ...(blob === undefined ? [] : [blob])].every((one) => blobs.has(one));
  return {
    version: 1,
    entries: new Map((data.entries as [string, CacheEntry][]).filter(([, entry]) => isThere(entry))),
    packs: data.packs.filter((pack) => blobs.has(pack.digest)),
    diffIDs: new Map(data.diffIDs),
  };
}

export function renderIndex({ version, entries, packs, diffIDs }: CacheIndex): Buffer {
  return canonicalJson({ version, entries: [...entries], packs, diffIDs: [...diffIDs] });
}

/** The blobs that an index needs. */
export function blobsOf({ entries, packs }: CacheIndex): Set<Digest> {
  const needed = new Set<Digest>(packs.map(({ digest }) => digest));
  for (const { blob, layers } of entries.values()) {
    for (const layer of layers) needed.add(layer);
    if (blob !== undefined) needed.add(blob);
  }
  return needed;
}
