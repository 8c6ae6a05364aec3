import { StatusError } from '../status-error.ts';

/** Asks for the same key again after that time, in milliseconds. */
export type Reconcile = (key: string) => number | undefined;

const firstRetryMs = 5;
const lastRetryMs = 30_000;

/**
 * Reconciles keys one after the other, each once however often it was added, and again with growing waits after an
 * error. It is idle, without a timer, when nothing is due.
 */
export class WorkQueue {
  readonly #reconcile: Reconcile;
  readonly #due = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #failures = new Map<string, number>();
  #isScheduled = false;
  #isClosed = false;

  constructor(reconcile: Reconcile) {
    this.#reconcile = reconcile;
  }

  add(key: string): void {
    if (this.#isClosed) return;
    this.#due.add(key);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // A turn of the event loop: what changes together is reconciled together.
    setImmediate(() => this.#work());
  }

  close(): void {
    this.#isClosed = true;
    this.#due.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #work(): void {
    this.#isScheduled = false;
    const keys = [...this.#due];
    this.#due.clear();
    for (const key of keys) if (!this.#isClosed) this.#handle(key);
  }

  #handle(key: string): void {
    try {
      const againMs = this.#reconcile(key);
      this.#failures.delete(key);
      this.#later(key, againMs);
    } catch (error) {
      // What the store refuses, the object says in a condition or an event, and it may heal; all else is our mistake.
      if (!(error instanceof StatusError)) process.emitWarning(error as Error);
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.#later(key, Math.min(firstRetryMs * 2 ** (failures - 1), lastRetryMs));
    }
  }

  #later(key: string, ms: number | undefined): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (ms === undefined) return;
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, ms);
    timer.unref();
    this.#timers.set(key, timer);
  }
}
