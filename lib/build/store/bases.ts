import { didYouMean } from '../../dockerfile/faults.ts';
import { FairleadError, messageOf } from '../../errors.ts';
import { renderPlatform } from '../../image/platform.ts';
import { parseReference } from '../../image/reference.ts';
import type { Image, ImageConfig, Platform } from '../../image/types.ts';
import type { Registries } from '../../registry/registries.ts';
import { Background } from '../stage/background.ts';
import { type Node, Tree } from '../tree.ts';
import { applyRows } from './apply-rows.ts';
import { fetchFiles, hashFiles } from './fetch.ts';
import { layerRows } from './layer-index.ts';
import { keyOf, type Store } from './store.ts';

/** How long a build waits for a base that it could do without. */
const PATIENCE_MS = 2_000;

/** How long what was learned about such a base holds. */
const REMEMBERED_MS = 60 * 60 * 1000;

/** Where base images are found. */
export type ImageSource = Pick<Registries, 'resolve'> & Partial<Pick<Registries, 'tags'>>;

interface Remembered {
  at: number;
  config: ImageConfig;
}

/** The configuration of a base, or why it was not to be had. */
export type Reached = { config: ImageConfig } | { why: string };

/** The base images of one build: resolved once, their layers read only as far as a step needs. */
export class Bases {
  readonly #registries: ImageSource;
  readonly #store: Store;
  #signal: AbortSignal | undefined;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #background: Background;
  readonly #images = new Map<string, Promise<Image>>();
  readonly #trees = new Map<string, Promise<Tree>>();

  /** `aliases` are other names for references. Layers are indexed in `background`, for all attempts at a build. */
  constructor(
    registries: ImageSource,
    store: Store,
    aliases: ReadonlyMap<string, string> = new Map(),
    signal?: AbortSignal,
    background = new Background(),
  ) {
    this.#registries = registries;
    this.#aliases = aliases;
    this.#store = store;
    this.#signal = signal;
    this.#background = background;
  }

  /** What is asked for from now on ends when `signal` aborts; what was asked for before keeps its answers. */
  until(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** Manifest and configuration; layers stay where they are. */
  image(name: string, platform: Platform): Promise<Image> {
    const reference = this.#aliases.get(name) ?? name;
    const key = `${reference} ${renderPlatform(platform)}`;
    const known = this.#images.get(key);
    if (known !== undefined) return known;
    const resolved = this.#registries.resolve(reference, platform, this.#signal);
    this.#images.set(key, resolved);
    // Asked for early and awaited late: until then nobody minds that it failed, and who asks again may have more luck.
    resolved.catch(() => this.#images.delete(key));
    return resolved;
  }

  /**
   * The configuration of a base that the build can do without, as it is or was an hour ago, if it is to be had quickly.
   * That it is not is no reason not to ask again.
   */
  async configurationIfReachable(name: string, platform: Platform): Promise<Reached> {
    const reference = this.#aliases.get(name) ?? name;
    const key = keyOf('configuration', reference, platform);
    const known = await this.#store.read<Remembered>('configurations', key);
    // Older builders remembered what they had not found.
    if (known?.config !== undefined && Date.now() - known.at < REMEMBERED_MS) return { config: known.config };
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const signal = this.#signal === undefined ? patience : AbortSignal.any([this.#signal, patience]);
    try {
      const { config } = await this.#registries.resolve(reference, platform, signal);
      this.#store.write('configurations', key, { at: Date.now(), config } satisfies Remembered);
      return { config };
    } catch (error) {
      this.#signal?.throwIfAborted();
      return { why: patience.aborted ? `no answer within ${PATIENCE_MS / 1000} s` : briefly(error) };
    }
  }

  /** What is said to somebody whose base has no such tag, or nothing. */
  async meantTag(name: string): Promise<string | undefined> {
    const reference = this.#aliases.get(name) ?? name;
    const { tag } = parseReference(reference);
    if (tag === undefined || this.#registries.tags === undefined) return undefined;
    const tags = await this.#registries.tags(reference, AbortSignal.timeout(PATIENCE_MS)).catch(() => []);
    const meant = didYouMean(tag, tags);
    return meant === '' ? undefined : `there is no tag ${tag}${meant}`;
  }

  /** The index of an image's files. Its layers are read once as streams, the index is kept by their digests. */
  async tree(image: Image): Promise<Tree> {
    const known = this.#trees.get(image.digest) ?? this.#background.add(this.#index(image));
    this.#trees.set(image.digest, known);
    known.catch(() => this.#trees.delete(image.digest));
    return (await unlessAborted(known, this.#signal)).clone();
  }

  async #index(image: Image): Promise<Tree> {
    const tree = new Tree();
    const rows = await Promise.all(
      image.layers.map((layer) => layerRows(layer, this.#store, this.#background.signal)),
    );
    for (const [index, layer] of image.layers.entries())
      await applyRows(tree, rows[index] ?? [], layer, this.#store, this.#background.signal);
    return tree;
  }

  /** Brings the bytes of files that are still in layers onto this machine, each layer read once. */
  fetch(nodes: Iterable<Node>): Promise<void> {
    return fetchFiles(nodes, this.#store, this.#signal);
  }

  /** Sees to it that the hashes of files in layers are known, with as few bytes as that takes. */
  hash(nodes: Iterable<Node>): Promise<void> {
    return hashFiles(nodes, this.#store, this.#signal);
  }
}

// A layer that is being read may be for the next attempt: it ends when the build does.
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    work.finally(() => signal.removeEventListener('abort', leave)).catch(() => {});
  });
  return Promise.race([work, aborted]);
}

/** What went wrong at the place that was asked first: nothing has to be put right. */
function briefly(error: unknown): string {
  const cause = error instanceof FairleadError ? error.fault.cause : messageOf(error);
  return cause.split('; ')[0] ?? cause;
}
