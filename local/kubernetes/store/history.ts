import type { KubernetesObject } from '../object.ts';
import { StatusError } from '../status-error.ts';

/** One change. `previous` lets a selecting watch see objects that enter or leave its selection. */
export interface WatchEvent<T extends KubernetesObject = KubernetesObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** As it is after the change; a deleted object carries the resourceVersion of its deletion. */
  object: T;
  previous?: T;
}

export type WatchListener<T extends KubernetesObject = KubernetesObject> = (event: WatchEvent<T>) => void;

interface Entry {
  revision: number;
  kind: string;
  event: WatchEvent;
}

interface Watcher {
  kind: string;
  /** The newest revision that the listener has seen. */
  seen: number;
  listener: WatchListener;
}

/**
 * The bounded list of changes that watches replay. Listeners are called in the order of the changes, each in its
 * own turn of the microtask queue and never from inside the write, so that a listener may write to the store.
 */
export class History {
  readonly #limit: number;
  readonly #watchers = new Set<Watcher>();
  #entries: Entry[] = [];
  /** The newest revision that is no longer in the list. */
  #forgotten = 0;
  #scheduled = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(revision: number, kind: string, event: WatchEvent): void {
    this.#entries.push({ revision, kind, event });
    // Trimmed by halves, so that an append costs nothing most of the time.
    if (this.#entries.length > 2 * this.#limit) {
      const dropped = this.#entries.splice(0, this.#limit);
      this.#forgotten = dropped.at(-1)?.revision ?? this.#forgotten;
    }
    this.#schedule();
  }

  /**
   * Calls the listener for every change after `revision`: those of the past, then those to come.
   * @returns how to stop it
   * @throws StatusError 410 Expired when changes after `revision` have been forgotten
   */
  watch(kind: string, revision: number, listener: WatchListener): () => void {
    if (revision < this.#forgotten)
      throw new StatusError('Expired', `too old resource version: ${revision} (${this.#forgotten + 1})`);
    const watcher: Watcher = { kind, seen: revision, listener };
    this.#watchers.add(watcher);
    this.#schedule();
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      for (const watcher of this.#watchers) this.#deliver(watcher);
    });
  }

  #deliver(watcher: Watcher): void {
    // What a listener writes now is at the end of the list, and is delivered in the turn that it schedules.
    for (const { revision, kind, event } of this.#since(watcher.seen)) {
      if (!this.#watchers.has(watcher)) return;
      watcher.seen = revision;
      if (kind === watcher.kind) watcher.listener(event);
    }
  }

  #since(revision: number): Entry[] {
    let start = this.#entries.length;
    while (start > 0 && (this.#entries[start - 1]?.revision ?? 0) > revision) start -= 1;
    return this.#entries.slice(start);
  }
}
