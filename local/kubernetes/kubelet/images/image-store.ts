import { createHash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Runtime } from '../runtime.ts';
import {
  chooseManifest,
  compressionOf,
  type Descriptor,
  type ImageConfig,
  type Manifest,
} from './manifest.ts';
import { type ImageReference, type Place, parseReference, placesOf } from './reference.ts';
import { type FetchedManifest, fetchBlob, fetchManifest, PullError } from './registry.ts';

/** An image whose layers are unpacked. */
export interface LocalImage {
  /** Digest of its manifest. */
  digest: string;
  /** As a container status shows it: `host/path@sha256:…`. */
  id: string;
  config: ImageConfig;
  /** Directories, relative to the state directory, the topmost first. */
  layers: string[];
  /** Compressed, in bytes. */
  size: number;
}

interface UnpackedLayer {
  directory: string;
  state: 'unpacking' | 'unpacked';
  unpacked: Promise<void>;
}

const parallelLayers = 3;
/** Images that are not in use are kept for going back, the newest ones. */
const keptImages = 20;

/** The images on this node. Every layer is unpacked once, and every image is pulled once at a time. */
export class ImageStore {
  readonly #state: string;
  readonly #runtime: Runtime;
  readonly #registryHost: string;
  readonly #images = new Map<string, LocalImage>();
  readonly #pulls = new Map<string, Promise<LocalImage>>();
  /** By diffID. */
  readonly #layers = new Map<string, UnpackedLayer>();
  readonly #held = new Map<string, number>();
  readonly #heldLayers = new Map<string, number>();
  #removals = 0;

  constructor(state: string, runtime: Runtime, registryHost: string) {
    this.#state = state;
    this.#runtime = runtime;
    this.#registryHost = registryHost;
  }

  /** The image by the name that it was pulled under. */
  get(name: string): LocalImage | undefined {
    return this.#images.get(name);
  }

  /** Pulls the image; those who ask meanwhile share the pull. @throws Error in containerd's words */
  pull(name: string): Promise<LocalImage> {
    const running = this.#pulls.get(name);
    if (running) return running;
    const pull = this.#pull(name).finally(() => this.#pulls.delete(name));
    this.#pulls.set(name, pull);
    return pull;
  }

  /** Keeps the image's layers until what is returned is called. */
  hold(image: LocalImage): () => void {
    this.#held.set(image.digest, (this.#held.get(image.digest) ?? 0) + 1);
    for (const layer of image.layers) this.#heldLayers.set(layer, (this.#heldLayers.get(layer) ?? 0) + 1);
    return () => {
      decrease(this.#held, image.digest);
      for (const layer of image.layers) decrease(this.#heldLayers, layer);
      this.#prune();
    };
  }

  /** Forgets the oldest images that nobody uses, and removes the layers that no other image has. */
  #prune(): void {
    if (this.#pulls.size > 0) return; // they may be counting on layers that are there
    for (const [name, { digest }] of this.#images) {
      if (this.#images.size <= keptImages) break;
      if (!this.#held.has(digest)) this.#images.delete(name);
    }
    const needed = new Set([...this.#images.values()].flatMap(({ layers }) => layers));
    for (const [diffId, { directory, state }] of this.#layers) {
      if (state === 'unpacking' || needed.has(directory) || this.#heldLayers.has(directory)) continue;
      this.#layers.delete(diffId);
      const removed = join(this.#state, `${directory}.${this.#removals++}.removed`);
      renameSync(join(this.#state, directory), removed); // at once, as it may be pulled again
      this.#runtime.remove(removed).catch(() => {});
    }
  }

  async #pull(name: string): Promise<LocalImage> {
    const reference = parseReference(name);
    try {
      const { place, manifest } = await this.#resolve(reference);
      const image = await this.#fetch(reference, place, manifest);
      this.#images.delete(name); // the newest comes last
      this.#images.set(name, image);
      return image;
    } catch (error) {
      throw describe(reference, error as Error);
    }
  }

  async #resolve(reference: ImageReference): Promise<{ place: Place; manifest: FetchedManifest }> {
    let refused: unknown;
    for (const place of placesOf(reference, this.#registryHost)) {
      try {
        return { place, manifest: await fetchManifest(place, reference.version) };
      } catch (error) {
        if (!(error instanceof PullError && error.kind === 'NotFound')) throw error;
        refused = error;
      }
    }
    throw refused;
  }

  async #fetch(reference: ImageReference, place: Place, top: FetchedManifest): Promise<LocalImage> {
    const known = [...this.#images.values()].find(({ digest }) => digest === top.digest);
    const id = `${reference.host}/${reference.path}@${top.digest}`;
    if (known) return { ...known, id };
    let content = JSON.parse(top.text) as Partial<Manifest> & { manifests?: Descriptor[] };
    if (content.manifests) {
      const chosen = chooseManifest(content.manifests, process.arch);
      content = JSON.parse((await fetchManifest(place, chosen.digest)).text) as Partial<Manifest>;
    }
    if (!content.config || !content.layers) throw new PullError('Unknown', 'the manifest has no layers');
    const { config, layers } = content;
    const bytes = Buffer.concat(await Array.fromAsync(fetchBlob(place, config)));
    const image = JSON.parse(bytes.toString()) as ImageConfig;
    if (image.rootfs?.diff_ids?.length !== layers.length)
      throw new PullError('Unknown', 'the config lists other layers than the manifest');
    const directories = await this.#layersOf(place, layers, image.rootfs.diff_ids);
    const size = [config, ...layers].reduce((sum, each) => sum + each.size, 0);
    return { digest: top.digest, id, config: image, layers: directories.reverse(), size };
  }

  /** Unpacks what is not unpacked yet, a few layers at a time. @returns directories, the lowest first */
  async #layersOf(place: Place, layers: Descriptor[], diffIds: string[]): Promise<string[]> {
    const directories: string[] = [];
    const next = layers.entries();
    const worker = async () => {
      for (const [index, layer] of next)
        directories[index] = await this.#layer(place, layer, diffIds[index] ?? '');
    };
    await Promise.all(Array.from({ length: parallelLayers }, worker));
    // The overlay file system refuses to have one directory twice: what comes again changes nothing below its last.
    return directories.filter((directory, index) => directories.lastIndexOf(directory) === index);
  }

  async #layer(place: Place, layer: Descriptor, diffId: string): Promise<string> {
    const directory = `layers/${diffId.replace('sha256:', '').slice(0, 16)}`;
    const known = this.#layers.get(diffId);
    if (known) {
      await known.unpacked;
      return directory;
    }
    const unpacked = this.#unpack(place, layer, diffId, directory);
    const entry: UnpackedLayer = { directory, state: 'unpacking', unpacked };
    this.#layers.set(diffId, entry);
    try {
      await unpacked;
      entry.state = 'unpacked';
      return directory;
    } catch (error) {
      this.#layers.delete(diffId);
      throw error;
    }
  }

  async #unpack(place: Place, layer: Descriptor, diffId: string, directory: string): Promise<void> {
    const unfinished = join(this.#state, `${directory}.unfinished`);
    await this.#runtime.remove(unfinished);
    await mkdir(unfinished, { recursive: true });
    await this.#runtime.unpack(Readable.from(verified(place, layer, diffId)), unfinished);
    await rename(unfinished, join(this.#state, directory));
  }
}

function decrease(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1;
  if (left === 0) counts.delete(key);
  else counts.set(key, left);
}

/** The layer's tar stream; it fails at its end when the content is not what the image's config says. */
async function* verified(place: Place, layer: Descriptor, diffId: string): AsyncGenerator<Buffer> {
  const compressed = Readable.from(fetchBlob(place, layer));
  const hash = createHash('sha256');
  for await (const chunk of decompress(compressed, layer.mediaType) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual !== diffId) throw new PullError('Unknown', `layer ${diffId} unpacks to ${actual}`);
}

function decompress(compressed: Readable, mediaType: string): Readable {
  const compression = compressionOf(mediaType);
  if (compression === 'none') return compressed;
  const tar: Transform = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  compressed.on('error', (error) => tar.destroy(error));
  return compressed.pipe(tar);
}

function describe({ text, version }: ImageReference, error: Error): Error {
  const kind = error instanceof PullError ? error.kind : 'Unknown';
  const name = /[:@][^/]*$/.test(text) ? text : `${text}:${version}`;
  const cause =
    kind === 'NotFound' ? `failed to resolve reference "${name}": ${name}: not found` : `${error.message}`;
  return new Error(`rpc error: code = ${kind} desc = failed to pull and unpack image "${name}": ${cause}`);
}
