import { FairleadError } from '../../errors.ts';
import type { HostKind } from '../../host-kind.ts';
import { HostRefusal, nameOf, refused } from '../ask.ts';
import { type Api, type ApiRequest, apiOf, request } from '../request.ts';
import type { Asked, Repository } from '../types.ts';
import { bitbucket } from './bitbucket.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import type { WebhookHost } from './host.ts';
import { fresh, isSameUrl, mended, type Plan, planFor, type Wanted, type Webhook } from './webhook.ts';

/** The hosts whose webhooks a repository has of its own: of CodeCommit, AWS tells by itself. */
const HOSTS: Partial<Record<HostKind, WebhookHost>> = { github, gitlab, gitea, bitbucket };

/** What the webhooks of a repository on such a host send; undefined where it has none. */
export function eventsOf(kind: HostKind, previews: boolean): readonly string[] | undefined {
  const events = HOSTS[kind]?.events;
  return events && [...events.always, ...(previews ? events.forPreviews : [])];
}

/** What a token needs to read and write the webhooks of such a host's repositories. */
export function rightOn(kind: HostKind): string {
  return HOSTS[kind]?.right ?? '';
}

/**
 * The webhooks of one repository, as its administrators see them. Every method throws FairleadError `webhook/not-allowed`
 * where the host shows or lets the token do too little, and what request() and ask() throw.
 */
export class RepositoryWebhooks {
  readonly #host: WebhookHost;
  readonly #api: Api;
  readonly #path: string;
  readonly #name: string;

  constructor(kind: HostKind, access: { apiUrl: string; token: string }, repository: Repository) {
    const host = HOSTS[kind];
    if (host === undefined) throw new Error(`${kind} has no webhooks`);
    const { apiUrl, token } = access;
    this.#host = host;
    this.#api = apiOf({ apiUrl, token: async () => token }, host.dialect, repository);
    this.#path = host.pathOf(repository);
    this.#name = nameOf(repository);
  }

  /** Those that send to `url`. */
  async sendingTo(url: string): Promise<Webhook[]> {
    const operation = `listing the webhooks of ${this.#name}`;
    const asked: ApiRequest = { path: this.#path, operation };
    const listed: Asked<Webhook[]> = await this.#host.list(this.#api, asked).catch((error: unknown) => {
      throw error instanceof HostRefusal ? this.#explained(error, operation) : error;
    });
    if (listed.is === 'absent') throw this.#notAllowed(404, operation);
    return listed.value.filter((one) => isSameUrl(one.url, url));
  }

  /** What has to be done so that exactly one is as wanted. */
  async plan(wanted: Wanted): Promise<Plan> {
    return planFor(await this.sendingTo(wanted.url), wanted);
  }

  /** Does it. Where there is nothing else to do the secret is entered all the same: nobody can see whether it is the right one. */
  async carryOut(plan: Plan, wanted: Wanted, secret: string): Promise<void> {
    switch (plan.is) {
      case 'make':
        return await this.#make(fresh(wanted), secret);
      case 'keep':
        return await this.enter(plan.webhook, secret);
      case 'mend':
        await this.#write(mended(plan.webhook, wanted), secret);
        for (const { id } of plan.doubles) await this.#send('DELETE', id, 'removing a second webhook');
        await this.#test(plan.webhook);
    }
  }

  /** Has `webhook` sign with `secret`; the rest of it stays. */
  async enter(webhook: Webhook, secret: string): Promise<void> {
    await this.#write(webhook, secret);
    await this.#test(webhook);
  }

  async #make(webhook: Webhook, secret: string): Promise<void> {
    const body = { ...this.#host.make, ...this.#host.body(webhook, secret) };
    this.#check(await this.#send('POST', '', 'making the webhook', body), secret);
  }

  async #write(webhook: Webhook, secret: string): Promise<void> {
    const body = this.#host.body(webhook, secret);
    this.#check(await this.#send(this.#host.change, webhook.id, 'changing the webhook', body), secret);
  }

  /** What it sends is seen in the host's list of deliveries; nothing hangs on it. */
  async #test(webhook: Webhook): Promise<void> {
    const test = this.#host.test?.(webhook);
    if (test === undefined) return;
    const path = `${this.#pathOf(webhook.id)}${test.path}`;
    const asked = { method: 'POST' as const, path, operation: 'testing the webhook', attempts: 1 };
    const response = await request(this.#api, asked).catch(() => undefined);
    await response?.body?.cancel();
  }

  /** @returns what the host answers; undefined where that is nothing */
  async #send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', id: string, doing: string, body?: unknown) {
    const operation = `${doing} of ${this.#name}`;
    const path = id === '' ? this.#path : this.#pathOf(id);
    // One that was made though its answer was lost would be made twice.
    const asked = {
      method,
      path,
      operation,
      ...(body !== undefined && { body }),
      attempts: id === '' ? 1 : 4,
    };
    const response = await request(this.#api, asked);
    if (!response.ok) throw this.#explained(await refused(response, this.#api, asked), operation);
    const answer: unknown = await response.json().catch(() => undefined);
    return answer;
  }

  #pathOf(id: string): string {
    return `${this.#path}/${encodeURIComponent(id)}`;
  }

  #check(answer: unknown, secret: string): void {
    const cause = this.#host.whyNotTaken?.(answer, secret);
    if (cause === undefined) return;
    throw new FairleadError({
      code: 'webhook/not-taken',
      operation: `entering the secret at ${this.#name}`,
      cause,
    });
  }

  #explained(refusal: HostRefusal, operation: string): FairleadError {
    return [401, 403, 404].includes(refusal.status) ? this.#notAllowed(refusal.status, operation) : refusal;
  }

  #notAllowed(status: number, operation: string): FairleadError {
    const { dialect, right } = this.#host;
    return new FairleadError({
      code: 'webhook/not-allowed',
      operation,
      cause:
        status === 401
          ? `${dialect.host} does not take the token (401)`
          : `${dialect.host} does not let the token at the repository’s webhooks (${status})`,
      remedy: `it needs ${right}`,
    });
  }
}
