import { randomUUID } from 'node:crypto';
import type { Dialect } from './dialects/dialect.ts';
import { type Hook, Hooks } from './hooks.ts';

/** What came of a delivery. */
export type Answer =
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'unreachable'; reason: string }
  /** Kept back by the strategy. */
  | { kind: 'withheld' };

/** One event, told by one webhook: what was sent, and what came of each attempt. */
export interface Delivery {
  /** The host's id of the event; a redelivery has the same. */
  guid: string;
  repository: string;
  /** What tells of it. */
  hook: Hook;
  ref: string;
  /** As the host calls it: GitHub's `push`, `pull_request`, `issue_comment`. */
  event: string;
  /** The JSON, as it is sent by a webhook that sends JSON. */
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
  /** The webhooks of all repositories. */
  readonly hooks: Hooks;
  readonly #dialect: Dialect;
  readonly #strategy: Strategy;
  readonly #log: Delivery[] = [];
  readonly #closing = new AbortController();
  #lastId = 0;

  constructor(dialect: Dialect, webhook: Webhook, strategy: Strategy = once) {
    this.#dialect = dialect;
    this.hooks = new Hooks({ ...webhook, events: dialect.subscriptions });
    this.#strategy = strategy;
  }

  /** A delivery that is known from now on but not sent. */
  prepare(repository: string, ref: string, payload: unknown, event: string, hook: Hook): Delivery {
    const delivery = {
      guid: randomUUID(),
      repository,
      hook,
      ref,
      event,
      body: JSON.stringify(payload),
      attempts: [],
    };
    this.#log.unshift(delivery);
    this.#log.length = Math.min(this.#log.length, MOST_DELIVERIES);
    return delivery;
  }

  /** The webhooks of a repository that are subscribed to `event`. */
  told(repository: string, event: string): Hook[] {
    const subscription = this.#dialect.subscription?.(event) ?? event;
    return this.hooks
      .of(repository)
      .filter(({ events }) => events.includes(subscription) || events.includes('*'));
  }

  async send(delivery: Delivery): Promise<Answer> {
    if (!delivery.hook.active) return { kind: 'withheld' };
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
    const { hook } = delivery;
    const isForm = hook.contentType === 'form';
    const body = isForm ? `payload=${encodeURIComponent(delivery.body)}` : delivery.body;
    const headers = {
      'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
      ...this.#dialect.headers({ ...delivery, body }, hook.secret),
    };
    const answer = await post(hook.url(), headers, body, this.#closing.signal);
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
      headers: { accept: '*/*', ...headers },
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
