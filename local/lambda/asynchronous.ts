import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { attributesOf, type DeadLetter } from './dead-letters.ts';
import type { Functions, Target } from './functions.ts';
import type { Outcome } from './types.ts';

/** What Lambda waits before the second and the third attempt. Source: "Asynchronous invocation", AWS Lambda Developer Guide. */
const RETRY_DELAYS_MS = [60_000, 120_000];

/** Invocations of type Event: what fails is tried twice more, and then given up. */
export class Asynchronous {
  readonly #functions: Functions;
  readonly #bury: (letter: DeadLetter) => void;
  readonly #delays: readonly number[];
  readonly #closing = new AbortController();

  /** `bury` takes what all attempts failed with. */
  constructor(
    functions: Functions,
    bury: (letter: DeadLetter) => void,
    delays: readonly number[] = RETRY_DELAYS_MS,
  ) {
    this.#functions = functions;
    this.#bury = bury;
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

  /** Takes the event of an invocation that is given up. */
  giveUp({ spec }: Target, payload: Buffer, requestId: string, outcome: Outcome & { ok: false }): void {
    const { name, deadLetters } = spec;
    if (deadLetters === undefined) return;
    const attributes = attributesOf(requestId, outcome);
    this.#bury({ function: name, queue: deadLetters, body: payload.toString('utf8'), attributes });
  }

  async #deliver(target: Target, payload: Buffer, requestId: string): Promise<void> {
    const acceptedAt = Date.now();
    for (const delay of [...this.#delays, undefined]) {
      const how = { whenBusy: 'wait', requestId, acceptedAt } as const;
      const outcome = await this.#functions.invoke(target, payload, how);
      if (outcome.ok) return;
      if (delay === undefined) return this.giveUp(target, payload, requestId, outcome);
      await setTimeout(delay, undefined, { signal: this.#closing.signal });
    }
  }
}
