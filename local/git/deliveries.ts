import { randomUUID } from 'node:crypto';
import type { Dialect } from './dialects/dialect.ts';

/** What came of a delivery. */
export type Answer =
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'unreachable'; reason: string }
  /** Kept back by the strategy. */
  | { kind: 'withheld' };

/** One webhook: what was sent, and what came of each attempt. */
export interface Delivery {
  /** The host's id of the event; a redelivery has the same. */
  guid: string;
  repository: string;
  ref: string;
  /** As the host calls it: GitHub's `push`, `pull_request`, `issue_comment`. */
  event: string;
  /** The JSON as it is sent. */
  body: string;
  attempts: Attempt[];
}

export interface Attempt {
  /** Numbered through all deliveries of the host. */
  id: number;
  at: Date;
  redelivery: boolean;
  /** Milliseconds. */
  duration: number;
  answer: Answer;
}

/**
 * How a delivery reaches the function: the fault switch of tests. It may call `send` never, twice or later, as the
 * internet does, and answers with what the one who pushed is to hear.
 */
export type Strategy = (delivery: Delivery, send: () => Promise<Answer>) => Promise<Answer>;

const once: Strategy = (_delivery, send) => send();

export interface Webhook {
  /** Where to; asked for at each delivery. */
  url: () => string;
  /** What it is signed with. */
  secret: string;
}

/** GitHub waits as long for an answer. Milliseconds. */
const PATIENCE = 10_000;

/** Deliveries that are remembered. */
const MOST_DELIVERIES = 200;

/** Sends webhooks as a kind of host does, and remembers the last ones. */
export class Deliveries {
  readonly #dialect: Dialect;
  readonly #webhook: Webhook;
  readonly #strategy: Strategy;
  readonly #log: Delivery[] = [];
  readonly #closing = new AbortController();
  readonly #inactive = new Set<string>();
  #lastId = 0;

  constructor(dialect: Dialect, webhook: Webhook, strategy: Strategy = once) {
    this.#dialect = dialect;
    this.#webhook = { ...webhook };
    this.#strategy = strategy;
  }

  set secret(secret: string) {
    this.#webhook.secret = secret;
  }

  /** A delivery that is known from now on but not sent. */
  prepare(repository: string, ref: string, payload: unknown, event = 'push'): Delivery {
    const delivery = {
      guid: randomUUID(),
      repository,
      ref,
      event,
      body: JSON.stringify(payload),
      attempts: [],
    };
    this.#log.unshift(delivery);
    this.#log.length = Math.min(this.#log.length, MOST_DELIVERIES);
    return delivery;
  }

  /** Whether a repository's events are sent at all, as the switch of GitHub's webhooks says. */
  isActive(repository: string): boolean {
    return !this.#inactive.has(repository);
  }

  setActive(repository: string, active: boolean): void {
    if (active) this.#inactive.delete(repository);
    else this.#inactive.add(repository);
  }

  async send(delivery: Delivery): Promise<Answer> {
    if (!this.isActive(delivery.repository)) return { kind: 'withheld' };
    return await this.#strategy(delivery, () => this.#attempt(delivery));
  }

  /** Sends what attempt `id` sent once more, with today's secret; `undefined` where there is no such attempt. */
  redeliver(repository: string, id: number): Promise<Answer> | undefined {
    const delivery = this.of(repository).find(({ attempts }) =>
      attempts.some((attempt) => attempt.id === id),
    );
    return delivery === undefined ? undefined : this.#attempt(delivery);
  }

  /** Of one repository, the newest first. */
  of(repository: string): Delivery[] {
    return this.#log.filter((delivery) => delivery.repository === repository);
  }

  /** Breaks off what is on its way. */
  close(): void {
    this.#closing.abort();
  }

  async #attempt(delivery: Delivery): Promise<Answer> {
    const at = new Date();
    const redelivery = delivery.attempts.length > 0;
    this.#lastId += 1;
    const id = this.#lastId;
    const headers = this.#dialect.headers(delivery, this.#webhook.secret);
    const answer = await post(this.#webhook.url(), headers, delivery.body, this.#closing.signal);
    delivery.attempts.push({ id, at, redelivery, duration: Date.now() - at.getTime(), answer });
    return answer;
  }
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  closing: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(PATIENCE)]),
      headers: { accept: '*/*', 'content-type': 'application/json', ...headers },
      body,
    });
    return { kind: 'answered', status: response.status, body: await response.text() };
  } catch (error) {
    return { kind: 'unreachable', reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${PATIENCE / 1000} s`;
  if (error.name === 'AbortError') return 'the git host stops';
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there';
  return cause?.message || error.message;
}
