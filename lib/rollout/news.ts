/** Lets one reader wait for the next of many changes. */
export class News {
  #fresh = false;
  #error?: { thrown: unknown };
  #wake?: () => void;

  tell(): void {
    this.#fresh = true;
    this.#wake?.();
  }

  fail(thrown: unknown): void {
    this.#error ??= { thrown };
    this.tell();
  }

  /** Resolves when something was told since the last call, or after `ms`; rejects with what was failed with. */
  async wait(ms: number): Promise<void> {
    if (!this.#fresh && ms > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
    }
    this.#fresh = false;
    if (this.#error) throw this.#error.thrown;
  }
}
