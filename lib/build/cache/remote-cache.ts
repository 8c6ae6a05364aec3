import { availableParallelism } from 'node:os';
import { messageOf } from '../../errors.ts';
import type { Digest, Layer } from '../../image/types.ts';
import { applyRows } from '../store/apply-rows.ts';
import { layerRows } from '../store/layer-index.ts';
import type { Store } from '../store/store.ts';
import { Tree } from '../tree.ts';
import { goFolders } from './folders.ts';
import type { Place } from './index.ts';
import { type CachePlace, type LoadedCache, loadCache } from './loaded.ts';
import { Packs } from './packs.ts';
import { RemoteRecords } from './remote-records.ts';
import { type Saved, saveCache } from './save.ts';
import { SHARED_RECORDS } from './schemas.ts';
import type { SharedRecords } from './shared-records.ts';

export interface RemoteCacheOptions {
  /** Where to look, in this order: the first that has a cache is taken. */
  from: readonly CachePlace[];
  /** Where to keep what this build made; nowhere when it is left out. */
  to?: CachePlace;
  /** What the blobs of the cache may come to, in bytes; 1 GiB when it is left out. */
  limit?: number;
}

export interface RemoteCacheStart {
  /** Not with `--no-cache`: then nothing is read, and what was made is kept all the same. */
  reads: boolean;
  /** Told what is wrong with the cache. It never fails a build. */
  tell: (message: string) => void;
  signal?: AbortSignal;
}

const DEFAULT_LIMIT = 1024 ** 3;

/**
 * What other machines built, kept as an artifact in a registry: records of steps, layers, Go's caches. One object for one
 * build: `begin` when its store is there, `save` when its image is. Whoever can write the repository decides what is in
 * images that are built from it, and nobody else: repositories do not share caches.
 */
export class RemoteCache implements SharedRecords {
  readonly #options: RemoteCacheOptions;
  readonly #used = new Set<string>();
  /** Which layers of this build have which files. */
  readonly #made = new Map<string, Place>();
  readonly #layers = new Map<Digest, Layer>();
  #store: Store | undefined;
  #start: RemoteCacheStart = { reads: false, tell: () => {} };
  #since = 0;
  #loading: Promise<LoadedCache | undefined> = Promise.resolve(undefined);
  #records: Promise<RemoteRecords | undefined> = Promise.resolve(undefined);
  #folders: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(options: RemoteCacheOptions) {
    this.#options = options;
  }

  /** Begins to read the cache, while the build begins. */
  begin(store: Store, start: RemoteCacheStart): void {
    this.#store = store;
    this.#start = start;
    this.#since = Date.now();
    const { reads, tell, signal } = start;
    this.#loading = reads ? loadCache(this.#options.from, tell, signal) : Promise.resolve(undefined);
    this.#records = this.#loading.then((cache) => cache && new RemoteRecords(cache, tell, signal));
    const stop = signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, signal]);
    this.#folders = this.#loading.then((cache) => cache && this.#unpack(cache, store, stop));
  }

  /** Ends what is still read, as the build is over. */
  async end(): Promise<void> {
    this.#stop.abort(new Error('the build is over'));
    await this.#folders;
  }

  /** Whether the build counted on something that turned out wrong: then it is worth another try without it. */
  async isBroken(): Promise<boolean> {
    return (await this.#records)?.isBroken ?? false;
  }

  folders(): Promise<void> {
    return this.#folders;
  }

  used(kind: string, key: string): void {
    if (kind in SHARED_RECORDS) this.#used.add(`${kind}/${key}`);
  }

  async read(kind: string, key: string): Promise<unknown> {
    const content = await (await this.#records)?.get(kind, key);
    if (content === undefined) return undefined;
    this.used(kind, key);
    if (kind === 'bases') this.#store?.write(kind, key, content.record);
    return content.record;
  }

  async place(kind: string, key: string, sha: string): Promise<{ layer: Layer; path: string } | undefined> {
    const records = await this.#records;
    const [digest, path] = (await records?.get(kind, key))?.places.get(sha) ?? [];
    const layer = digest === undefined ? undefined : records?.layerOf(digest);
    return layer === undefined || path === undefined ? undefined : { layer, path };
  }

  async layer(known: Pick<Layer, 'descriptor' | 'diffID'>): Promise<Layer | undefined> {
    const [cache, records] = [await this.#loading, await this.#records];
    const { digest, size } = known.descriptor;
    if (cache?.blobs.get(digest)?.size !== size || !(await records?.isThere(digest))) return undefined;
    return records?.layer(known);
  }

  async mount(key: string): Promise<Tree | undefined> {
    const [cache, records, store] = [await this.#loading, await this.#records, this.#store];
    const content = await records?.get('mounts', key);
    const [digest] = cache?.index.entries.get(`mounts/${key}`)?.layers ?? [];
    const layer = digest === undefined || content === undefined ? undefined : records?.layerOf(digest);
    if (layer === undefined || store === undefined) return undefined;
    const tree = new Tree();
    await applyRows(tree, await layerRows(layer, store), layer, store, this.#stop.signal);
    return tree;
  }

  holds(layer: Layer, files: Iterable<readonly [sha: string, path: string]>): void {
    const { digest } = layer.descriptor;
    this.#layers.set(digest, layer);
    for (const [sha, path] of files) this.#made.set(sha, [sha, digest, path]);
  }

  /**
   * Keeps what this build made, where it is not kept yet. The packs are sent at once, the rest when `published` has come
   * true: the image's own layers are in the repository then. Never throws; what went wrong is told.
   */
  async save(published: Promise<unknown>, signal?: AbortSignal): Promise<Saved | undefined> {
    const { to, limit = DEFAULT_LIMIT } = this.#options;
    if (to === undefined || this.#store === undefined) return undefined;
    try {
      const saving = saveCache({
        place: to,
        limit,
        store: this.#store,
        loaded: await this.#loading,
        used: this.#used,
        made: this.#made,
        layers: this.#layers,
        since: this.#since,
        published,
        ...(signal === undefined ? {} : { signal }),
      });
      return await orAborted(saving, signal);
    } catch (error) {
      this.#start.tell(
        `the cache is not kept this time: ${messageOf(signal?.aborted ? signal.reason : error)}`,
      );
      return undefined;
    }
  }

  async #unpack(cache: LoadedCache, store: Store, signal: AbortSignal): Promise<void> {
    const packs = new Packs(store, cache.place.artifacts.repository);
    const known = goFolders(store);
    const wanted = cache.index.packs.values();
    const worker = async () => {
      for (const pack of wanted) {
        const folder = known.find(({ name }) => name === pack.folder);
        const blob = cache.blobs.get(pack.digest);
        if (folder === undefined || blob === undefined) continue;
        try {
          await packs.unpack(pack, blob.size, folder, cache.place.artifacts.open(blob, signal));
        } catch (error) {
          if (signal.aborted) return;
          this.#start.tell(`a part of Go's caches is left alone: ${messageOf(error)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));
  }
}

// What compresses does not look at signals; nobody waits for it longer than that.
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => {});
  }
}
