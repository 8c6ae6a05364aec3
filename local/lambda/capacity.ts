import type { FunctionSpec } from './types.ts';

interface Waiting {
  spec: FunctionSpec;
  resume(): void;
}

/** How many invocations may run at once: in all, and of each function that has a limit of its own. */
export class Capacity {
  readonly #limit: number;
  readonly #busy = new Map<string, number>();
  #waiting: Waiting[] = [];
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place if there is one. */
  tryTake(spec: FunctionSpec): boolean {
    const busy = this.#busy.get(spec.name) ?? 0;
    if (this.#total >= this.#limit || busy >= (spec.reservedConcurrency ?? this.#limit)) return false;
    this.#busy.set(spec.name, busy + 1);
    this.#total += 1;
    return true;
  }

  /** Takes a place as soon as there is one; first come, first served. */
  async take(spec: FunctionSpec): Promise<void> {
    if (this.#waiting.every((waiting) => waiting.spec !== spec) && this.tryTake(spec)) return;
    await new Promise<void>((resume) => {
      this.#waiting.push({ spec, resume });
    });
  }

  release(spec: FunctionSpec): void {
    this.#busy.set(spec.name, (this.#busy.get(spec.name) ?? 1) - 1);
    this.#total -= 1;
    const next = this.#waiting.find((waiting) => this.tryTake(waiting.spec));
    this.#waiting = this.#waiting.filter((waiting) => waiting !== next);
    next?.resume();
  }
}
