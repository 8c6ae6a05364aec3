import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Functions, Target } from './functions.ts';

/** What Lambda waits before the second and the third attempt. Source: "Asynchronous invocation", AWS Lambda Developer Guide. */
const RETRY_DELAYS_MS = [60_000, 120_000];

/** Invocations of type Event: what fails is tried twice more. */
export class Asynchronous {
  readonly #functions: Functions;
  readonly #delays: readonly number[];
  readonly #closing = new AbortController();

  constructor(functions: Functions, delays: readonly number[] = RETRY_DELAYS_MS) {
    this.#functions = functions;
    this.#delays = delays;
  }

  /** Takes an event in; it is worked on later. The answer is the request id of all its attempts. */
  accept(target: Target, payload: Buffer): string {
    const requestId = randomUUID();
    // An attempt throws only when the local cloud closes.
    void this.#deliver(target, payload, requestId).catch(() => {});
    return requestId;
  }

  /** Gives up all retries that are waiting. */
  close(): void {
    this.#closing.abort();
  }

  async #deliver(target: Target, payload: Buffer, requestId: string): Promise<void> {
    for (const delay of [...this.#delays, undefined]) {
      const outcome = await this.#functions.invoke(target, payload, { whenBusy: 'wait', requestId });
      if (outcome.ok || delay === undefined) return;
      await setTimeout(delay, undefined, { signal: this.#closing.signal });
    }
  }
}
