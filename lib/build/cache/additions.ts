import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { blobPath, openBlob } from '../../image/blob-store.ts';
import { digestOf } from '../../image/digest.ts';
import type { Entry } from '../../image/entry.ts';
import { writeLayer } from '../../image/layer.ts';
import type { Descriptor, Digest } from '../../image/types.ts';
import type { Blob } from '../../registry/upload.ts';
import { goFolders } from './folders.ts';
import {
  CACHE_PACK,
  CACHE_RECORD,
  type CacheEntry,
  type CacheIndex,
  emptyIndex,
  type Place,
} from './index.ts';
import type { LoadedCache } from './loaded.ts';
import { layerOfMount } from './mount-layer.ts';
import { Packs } from './packs.ts';
import type { SaveInput } from './save.ts';
import { filesOf, type KeptMount, type SharedKind, withoutOwnFiles } from './schemas.ts';
import { packJson } from './zstd-json.ts';

/** A record of more bytes of JSON has a blob of its own. */
const INLINE = 2 * 1024;

/** That something was used is noted so often, in seconds, when nothing else has changed. */
const NOTED_AGAIN = 24 * 60 * 60;

/** The files of a step whose layer is not in the image are not kept beyond so many bytes. */
const LARGEST_STEP = 512 * 1024 ** 2;

const MOST_EXTRACTED = 100;

/** Bytes of a cache mount that is kept, uncompressed, and how often that is done anew, in seconds. */
const LARGEST_MOUNT = 512 * 1024 ** 2;
const MOUNT_AGAIN = 60 * 60;

/** What one build adds to a cache: entries and packs, and the blobs that hold them. */
export class Additions {
  readonly index: CacheIndex = emptyIndex();
  /** What was made for the cache alone, to be sent. */
  readonly made = new Map<Digest, Blob>();
  /** All blobs that the entries may need. */
  readonly descriptors = new Map<Digest, Descriptor>();
  readonly #replaced = new Set<Digest>();
  readonly #input: SaveInput;
  readonly #current: LoadedCache | undefined;
  readonly #now: number;
  #isNew = false;

  /** `now` in seconds since 1970; `current` is the cache that is added to. */
  constructor(input: SaveInput, current: LoadedCache | undefined, now: number) {
    this.#input = input;
    this.#current = current;
    this.#now = now;
  }

  /** Whether there is anything to note that the cache does not say already. */
  get areNew(): boolean {
    return this.#isNew;
  }

  async gather(): Promise<void> {
    const isExtracted = (name: string) => name.startsWith('extracted/');
    const areMany = [...this.#input.used].filter(isExtracted).length > MOST_EXTRACTED;
    for (const name of this.#input.used) {
      this.#input.signal?.throwIfAborted();
      // So many files that were taken one by one are a stage's, which its steps tell.
      if (areMany && isExtracted(name)) continue;
      const isRenewed = this.#renew(name);
      if (!isRenewed || name.startsWith('mounts/')) await this.#add(name);
    }
    await this.#addPacks();
  }

  /** What stays of the cache that is added to. */
  get rest(): CacheIndex {
    const before = this.#current?.index ?? emptyIndex();
    return { ...before, packs: before.packs.filter(({ digest }) => !this.#replaced.has(digest)) };
  }

  /** How to see to it that the repository has a blob that was not made for the cache; nothing when it surely has. */
  source(descriptor: Descriptor): Blob | undefined {
    const { layers, loaded } = this.#input;
    const { digest } = descriptor;
    if (this.#current?.blobs.has(digest) || this.made.has(digest)) return undefined;
    const layer = layers.get(digest);
    if (layer !== undefined) return layer;
    if (loaded === undefined) return undefined;
    const { artifacts } = loaded.place;
    return { descriptor, open: artifacts.open(descriptor), source: artifacts.repository };
  }

  /** Gives back the disk space of what was sent. */
  async remove(): Promise<void> {
    const { store } = this.#input;
    for (const digest of this.made.keys()) await rm(blobPath(store.blobs, digest), { force: true });
  }

  #isOurs(key: string): boolean {
    const digest: Digest = `sha256:${/^sha256-([0-9a-f]{64})/.exec(key)?.[1]}`;
    return [this.#current, this.#input.loaded].some((cache) => cache?.blobs.has(digest));
  }

  /** A cache mount is kept as a layer. One that changes with every build is not sent with every build. */
  async #addMount(key: string): Promise<void> {
    const { store, loaded } = this.#input;
    const kept = (this.#current ?? loaded)?.index.entries.get(`mounts/${key}`)?.record as
      | KeptMount
      | undefined;
    const isPrivate = !/^[0-9a-f]{64}$/.test(key);
    if (isPrivate || (kept !== undefined && this.#now - kept.keptAt < MOUNT_AGAIN)) return;
    const found = await layerOfMount(store.path('mounts', key), store, LARGEST_MOUNT, kept?.fingerprint);
    if (found === undefined) return;
    const { fingerprint, layer } = found;
    const { descriptor, diffID, open } = layer;
    this.#made(descriptor, open);
    this.index.diffIDs.set(descriptor.digest, diffID);
    const record: KeptMount = { fingerprint, keptAt: this.#now };
    const entry = { usedAt: this.#now, record, places: [], layers: [descriptor.digest] };
    this.index.entries.set(`mounts/${key}`, entry);
    this.#isNew = true;
  }

  /** An entry that some cache has already counts as used now. */
  #renew(name: string): boolean {
    const own = this.#current?.index.entries.get(name);
    const cache = own === undefined ? this.#input.loaded : this.#current;
    const entry = cache?.index.entries.get(name);
    if (cache === undefined || entry === undefined) return false;
    this.#isNew ||= own === undefined || this.#now - own.usedAt > NOTED_AGAIN;
    this.#take(cache, [...entry.layers, ...(entry.blob === undefined ? [] : [entry.blob])]);
    this.index.entries.set(name, { ...entry, usedAt: this.#now });
    return true;
  }

  #take({ blobs, index }: LoadedCache, digests: readonly Digest[]): void {
    for (const digest of digests) {
      const [descriptor, diffID] = [blobs.get(digest), index.diffIDs.get(digest)];
      if (descriptor !== undefined) this.descriptors.set(digest, descriptor);
      if (diffID !== undefined) this.index.diffIDs.set(digest, diffID);
    }
  }

  async #add(name: string): Promise<void> {
    const [kind, key] = name.split('/') as [SharedKind, string];
    if (kind === 'mounts') return this.#addMount(key);
    const own = await this.#input.store.own(kind, key);
    // What is in the cache's own layers is no base's.
    if (own === undefined || (kind === 'bases' && this.#isOurs(key))) return;
    const record = kind === 'bases' ? withoutOwnFiles(own) : own;
    const { files, layers } = filesOf(kind, record);
    const places = await this.#placesOf(files, kind);
    if (places === undefined || !layers.every((digest) => this.#input.layers.has(digest))) return;
    const needed = [...new Set([...layers, ...places.map(([, digest]) => digest)])];
    for (const digest of needed) this.#need(digest);
    this.#isNew = true;
    this.index.entries.set(name, {
      usedAt: this.#now,
      layers: needed,
      ...(await this.#held(record, places)),
    });
  }

  #need(digest: Digest): void {
    const layer = this.#input.layers.get(digest);
    if (layer === undefined) return;
    const { mediaType, size } = layer.descriptor;
    this.descriptors.set(digest, { mediaType, digest, size });
    this.index.diffIDs.set(digest, layer.diffID);
  }

  async #held(record: unknown, places: Place[]): Promise<Partial<CacheEntry>> {
    const held = { record, places };
    if (JSON.stringify(held).length <= INLINE) return held;
    const bytes = await packJson(held);
    const descriptor = { mediaType: CACHE_RECORD, digest: digestOf(bytes), size: bytes.length };
    this.#made(descriptor, async () => Readable.from([bytes]));
    return { blob: descriptor.digest };
  }

  /** Where the files are: in layers of the image, else in one made for them. Undefined: they are not to be kept. */
  async #placesOf(files: ReadonlyMap<string, number>, kind: SharedKind): Promise<Place[] | undefined> {
    const known = [...files.keys()].flatMap((sha) => {
      const place = this.#input.made.get(sha);
      return place === undefined ? [] : [place];
    });
    const found = new Set(known.map(([sha]) => sha));
    const missing = [...files].filter(([sha]) => !found.has(sha));
    if (missing.length === 0) return known;
    const bytes = missing.reduce((sum, [, size]) => sum + size, 0);
    if (kind !== 'steps' || bytes > LARGEST_STEP) return undefined;
    const own = await this.#layerOf(missing);
    return own === undefined ? undefined : [...known, ...own];
  }

  async #layerOf(files: readonly (readonly [sha: string, size: number])[]): Promise<Place[] | undefined> {
    const { store } = this.#input;
    const entries: Entry[] = [];
    for (const [sha, size] of files) {
      if (!(await store.touch(sha))) return undefined;
      const common = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const;
      entries.push({ ...common, path: sha, size, file: store.file(sha) });
    }
    const { descriptor, diffID, open } = await writeLayer(entries, store.blobs, { gzipLevel: 1 });
    this.#made(descriptor, open);
    this.index.diffIDs.set(descriptor.digest, diffID);
    return files.map(([sha]): Place => [sha, descriptor.digest, sha]);
  }

  async #addPacks(): Promise<void> {
    const { store, place, since, loaded } = this.#input;
    const packs = new Packs(store, place.artifacts.repository);
    const before = this.#current ?? loaded;
    if (before !== undefined)
      this.#take(
        before,
        before.index.packs.map(({ digest }) => digest),
      );
    const kept = before?.index.packs ?? [];
    this.index.packs.push(...kept.map((pack) => ({ ...pack, usedAt: this.#now })));
    for (const folder of goFolders(store)) {
      const own = kept.filter((pack) => pack.folder === folder.name);
      const { digest, size, bytes, replaces } = (await packs.packNew(folder, own, since)) ?? {};
      if (digest === undefined || size === undefined || bytes === undefined) continue;
      this.#made({ mediaType: CACHE_PACK, digest, size }, openBlob(store.blobs, digest));
      this.index.packs.push({ folder: folder.name, digest, bytes, usedAt: this.#now });
      for (const one of replaces ?? []) this.#replaced.add(one);
      this.index.packs = this.index.packs.filter((pack) => !this.#replaced.has(pack.digest));
      this.#isNew = true;
    }
  }

  #made(descriptor: Descriptor, open: Blob['open']): void {
    this.descriptors.set(descriptor.digest, descriptor);
    this.made.set(descriptor.digest, { descriptor, open });
  }
}
