import { setTimeout as sleep } from 'node:timers/promises';
import type { Kube, Query } from './client.ts';
import { isNotFound, KubeError, unreachable } from './error.ts';
import type { LiveObject } from './wire.ts';

interface List<T> {
  metadata: { resourceVersion?: string };
  items: T[];
}

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: LiveObject & { code?: number; message?: string; reason?: string };
}

/**
 * Seconds after which the server ends a watch, and milliseconds of silence after which we do. Of a connection that a
 * node or a load balancer has forgotten nobody tells us, so a watch is never trusted for longer than that.
 */
const WATCH_SECONDS = 20;
const SILENCE_MS = (WATCH_SECONDS + 5) * 1000;
const RETRY_MS = [0, 100, 300, 1000, 3000];

/** Milliseconds that a watch has to last before the next one is begun at once. */
const LASTING_MS = 1000;

/**
 * A copy of a collection that follows the cluster: one list, then a watch from there, resumed where it broke off;
 * listed again where the server no longer knows that point (410). (Kubernetes API concepts, "Efficient detection
 * of changes".)
 */
export class Mirror<T extends LiveObject> {
  /** By uid. */
  readonly items = new Map<string, T>();
  /** Whether `items` has held the whole collection at least once. */
  synced = false;
  /** Why the cluster cannot be followed right now. */
  trouble?: KubeError;
  readonly #kube: Kube;
  readonly #path: string;
  readonly #query: Query;
  readonly #changed: () => void;
  #version?: string;

  /** `changed` is called after every change of what is above. */
  constructor(kube: Kube, path: string, query: Query, changed: () => void) {
    this.#kube = kube;
    this.#path = path;
    this.#query = query;
    this.#changed = changed;
  }

  /** Follows until `signal` is aborted. Rejects only with what no repetition heals (KubeError, not temporary). */
  async run(signal: AbortSignal): Promise<void> {
    for (let brief = 0; !signal.aborted; ) {
      const began = Date.now();
      await this.#once(signal);
      if (signal.aborted) return;
      // An API that ends every watch as soon as it is begun is not asked again and again without a pause.
      brief = Date.now() - began < LASTING_MS ? brief + 1 : 1;
      const pause = RETRY_MS[Math.min(brief, RETRY_MS.length) - 1];
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  /** Lists if need be, and watches until that ends, for better or for worse. */
  async #once(signal: AbortSignal): Promise<void> {
    try {
      if (this.#version === undefined) await this.#list(signal);
      await this.#watch(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KubeError)) throw error;
      if (error.status === 410) this.#version = undefined;
      // Its namespace is gone, and everything with it.
      else if (isNotFound(error)) this.#empty();
      // An API server that has just been started knows nobody's rights yet: who was let in before asks again.
      else if (!error.temporary && !(error.status === 403 && this.synced)) throw error;
      else this.#report(error);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const list = await this.#kube.send<List<T>>('GET', this.#path, { query: this.#query, signal });
    this.items.clear();
    for (const item of list.items) this.items.set(item.metadata?.uid ?? '', item);
    this.#version = list.metadata.resourceVersion;
    this.synced = true;
    this.trouble = undefined;
    this.#changed();
  }

  #empty(): void {
    this.items.clear();
    this.#version = undefined;
    this.synced = true;
    this.trouble = undefined;
    this.#changed();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const query = {
      ...this.#query,
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds: WATCH_SECONDS,
      resourceVersion: this.#version,
    };
    const stream = await this.#kube.open(this.#path, query, SILENCE_MS, signal);
    if (this.trouble !== undefined) this.#recover();
    stream.setEncoding('utf8');
    let rest = '';
    try {
      for await (const chunk of stream) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') this.#take(JSON.parse(line));
      }
    } catch (error) {
      // A connection that broke is a watch that ended: it is resumed from the last version seen.
      if (error instanceof KubeError) throw error;
      throw unreachable({ method: 'WATCH', path: this.#path }, error);
    }
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR')
      throw new KubeError({ method: 'WATCH', path: this.#path }, object.code ?? 500, object);
    this.#version = object.metadata?.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    const uid = object.metadata?.uid ?? '';
    if (type === 'DELETED') this.items.delete(uid);
    else this.items.set(uid, object as T);
    this.#changed();
  }

  #recover(): void {
    this.trouble = undefined;
    this.#changed();
  }

  #report(error: KubeError): void {
    // Once it could not be resumed at once, a good deal may have happened: it counts as followed when it is listed.
    if (this.trouble !== undefined) this.#version = undefined;
    this.trouble = error;
    this.#changed();
  }
}
