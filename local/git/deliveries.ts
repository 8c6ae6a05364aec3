import { createHmac, randomUUID } from 'node:crypto';

/** What came of a delivery. */
export type Answer =
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'unreachable'; reason: string }
  /** Kept back by the strategy. */
  | { kind: 'withheld' };

/** One webhook: what was sent, and what came of each attempt. */
export interface Delivery {
  /** X-GitHub-Delivery; a redelivery has the same. */
  guid: string;
  repository: string;
  ref: string;
  /** X-GitHub-Event: `push`, `pull_request`, `issue_comment`. */
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
  /** Key of X-Hub-Signature-256. */
  secret: string;
}

/** GitHub waits as long for an answer. Milliseconds. */
const PATIENCE = 10_000;

/** Deliveries that are remembered. */
const MOST_DELIVERIES = 200;

/** Sends webhooks as GitHub does, and remembers the last ones. */
export class Deliveries {
  readonly #webhook: Webhook;
  readonly #strategy: Strategy;
  readonly #log: Delivery[] = [];
  readonly #closing = new AbortController();
  readonly #inactive = new Set<string>();
  #lastId = 0;

  constructor(webhook: Webhook, strategy: Strategy = once) {
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
    const answer = await post(this.#webhook, delivery, this.#closing.signal);
    delivery.attempts.push({ id, at, redelivery, duration: Date.now() - at.getTime(), answer });
    return answer;
  }
}

async function post(webhook: Webhook, delivery: Delivery, closing: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(webhook.url(), {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(PATIENCE)]),
      headers: headersOf(delivery, webhook.secret),
      body: delivery.body,
    });
    return { kind: 'answered', status: response.status, body: await response.text() };
  } catch (error) {
    return { kind: 'unreachable', reason: reasonOf(error) };
  }
}

/** Headers of a delivery (docs.github.com, "Webhook events and payloads", "Delivery headers"). */
function headersOf({ guid, event, body }: Delivery, secret: string): Record<string, string> {
  return {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/fairlead',
    'x-github-event': event,
    'x-github-delivery': guid,
    'x-github-hook-id': '1',
    'x-github-hook-installation-target-type': 'repository',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${PATIENCE / 1000} s`;
  if (error.name === 'AbortError') return 'the git host stops';
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there';
  return cause?.message || error.message;
}
