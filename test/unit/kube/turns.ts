/**
 * Lets several writers take turns in an order that is given: the next request is answered only when every writer that
 * is not done yet waits for an answer, so that any interleaving can be had again.
 */
export class Turns {
  readonly #waiting = new Map<string, () => void>();
  readonly #running: Set<string>;
  readonly #order: Iterator<number>;

  /** Each number of `order` chooses among the writers that wait. */
  constructor(writers: readonly string[], order: Iterable<number>) {
    this.#running = new Set(writers);
    this.#order = order[Symbol.iterator]();
  }

  /** Resolves when it is `writer`'s turn. */
  turn(writer: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(writer, resolve);
    this.#next();
    return promise;
  }

  /** `writer` will ask no more. */
  done(writer: string): void {
    this.#running.delete(writer);
    this.#next();
  }

  #next(): void {
    if (this.#running.size === 0 || this.#waiting.size < this.#running.size) return;
    const names = [...this.#waiting.keys()].sort();
    const chosen = names[(this.#order.next().value ?? 0) % names.length] ?? '';
    const go = this.#waiting.get(chosen);
    this.#waiting.delete(chosen);
    go?.();
  }
}
