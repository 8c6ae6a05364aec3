/** Work that goes on beside the steps of a build, such as layers that are compressed, and ends with it. */
export class Background {
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /** Aborts when the build is over. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Notes work that is awaited later. That it failed is nobody's business until then. */
  add<T>(work: Promise<T>): Promise<T> {
    const settled: Promise<unknown> = work.then(
      () => this.#running.delete(settled),
      () => this.#running.delete(settled),
    );
    this.#running.add(settled);
    return work;
  }

  /** Breaks off what still goes on, and waits until it has ended: nothing writes to the cache after the build. */
  async end(): Promise<void> {
    this.#stop.abort(new Error('the build is over'));
    await Promise.all(this.#running);
  }
}
