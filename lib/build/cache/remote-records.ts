import { messageOf } from '../../errors.ts';
import type { Digest, Layer } from '../../image/types.ts';
import type { Place } from './index.ts';
import type { LoadedCache } from './loaded.ts';
import { recordSchema, SHARED_RECORDS } from './schemas.ts';
import { unpackJson } from './zstd-json.ts';

/** Bytes of JSON that one record may have. */
const LARGEST_RECORD = 128 * 1024 ** 2;
const LARGEST_BLOB = 32 * 1024 ** 2;

interface Content {
  record: unknown;
  places: ReadonlyMap<string, readonly [layer: Digest, path: string]>;
}

/** Reads the records of a cache: each once, checked before it is believed. */
export class RemoteRecords {
  readonly #cache: LoadedCache;
  readonly #tell: (message: string) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #contents = new Map<string, Promise<Content | undefined>>();
  readonly #layers = new Map<Digest, Layer>();
  readonly #there = new Map<Digest, Promise<boolean>>();
  /** Whether bytes turned out wrong that a build had counted on already. */
  isBroken = false;

  constructor(cache: LoadedCache, tell: (message: string) => void, signal?: AbortSignal) {
    this.#cache = cache;
    this.#tell = tell;
    this.#signal = signal;
  }

  /** A record and the places of its files; undefined when there is none, or what it needs is gone. */
  get(kind: string, key: string): Promise<Content | undefined> {
    const name = `${kind}/${key}`;
    const content = this.#contents.get(name) ?? this.#fetch(kind, name);
    this.#contents.set(name, content);
    return content;
  }

  /** The one Layer of this digest: whoever reads files from it looks for those of the same layer together. */
  layer({ descriptor, diffID }: Pick<Layer, 'descriptor' | 'diffID'>): Layer {
    const { artifacts } = this.#cache.place;
    const known = this.#layers.get(descriptor.digest);
    if (known !== undefined) return known;
    const open: Layer['open'] = async () => {
      const bytes = await artifacts.open(descriptor, this.#signal)();
      return bytes.once('error', () => {
        this.isBroken = true;
      });
    };
    const layer: Layer = { descriptor, diffID, open, source: artifacts.repository };
    this.#layers.set(descriptor.digest, layer);
    return layer;
  }

  /** The layer of a digest in the index. */
  layerOf(digest: Digest): Layer | undefined {
    const descriptor = this.#cache.blobs.get(digest);
    const diffID = this.#cache.index.diffIDs.get(digest);
    return descriptor === undefined || diffID === undefined ? undefined : this.layer({ descriptor, diffID });
  }

  /** Whether the repository has a blob; a registry that does not answer has not. */
  isThere(digest: Digest): Promise<boolean> {
    const { artifacts } = this.#cache.place;
    const known = this.#there.get(digest) ?? artifacts.has({ digest }, this.#signal).catch(() => false);
    this.#there.set(digest, known);
    return known;
  }

  async #fetch(kind: string, name: string): Promise<Content | undefined> {
    const schema = SHARED_RECORDS[kind];
    const entry = this.#cache.index.entries.get(name);
    if (schema === undefined || entry === undefined) return undefined;
    const { record, places = [], blob, layers } = entry;
    try {
      const held = blob === undefined ? { record, places } : await this.#open(blob);
      const isSound =
        schema.safeParse(held.record).success && held.places.every(([, at]) => layers.includes(at));
      if (!isSound) throw new Error('it is malformed');
      const there = await Promise.all(
        layers.map(async (one) => this.layerOf(one) !== undefined && (await this.isThere(one))),
      );
      if (!there.every((one) => one)) throw new Error('a layer of it is gone');
      return {
        record: held.record,
        places: new Map(held.places.map(([sha, at, path]) => [sha, [at, path]])),
      };
    } catch (error) {
      if (!this.#signal?.aborted) this.#tell(`a record of the cache is left alone: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #open(digest: Digest): Promise<{ record: unknown; places: Place[] }> {
    const { place, blobs } = this.#cache;
    const descriptor = blobs.get(digest);
    if (descriptor === undefined) throw new Error('its blob is gone');
    const bytes = await place.artifacts.read(descriptor, LARGEST_BLOB, this.#signal);
    const held = recordSchema.parse(await unpackJson(bytes, LARGEST_RECORD));
    return { record: held.record, places: held.places as Place[] };
  }
}
