import type { Api, ApiRequest, Dialect } from '../request.ts';
import type { Asked, Repository } from '../types.ts';
import type { Webhook } from './webhook.ts';

/** What tells one kind of host from another, as far as the webhooks of repositories go. */
export interface WebhookHost {
  dialect: Dialect;
  /** What a token needs to read and write them, in the host's words. */
  right: string;
  /** What is always needed, and what with previews. */
  events: { always: readonly string[]; forPreviews: readonly string[] };
  /** Of the list, to which one is added; one of them is below it, by its id. */
  pathOf(repository: Repository): string;
  /** All of them; of Gitea, of those that send what Gitea sends. */
  list(api: Api, asked: ApiRequest): Promise<Asked<Webhook[]>>;
  /** How one is changed. */
  change: 'PATCH' | 'PUT';
  /** One with that secret, as it is written. */
  body(webhook: Webhook, secret: string): Record<string, unknown>;
  /** What is written beside it when it is made. */
  make: Readonly<Record<string, unknown>>;
  /** Why the host has not taken what was written, by its answer; undefined where it has. */
  whyNotTaken?(answer: unknown, secret: string): string | undefined;
  /** What has the host send something by a webhook that was changed: below its path. */
  test?(changed: Webhook): { path: string; body?: unknown } | undefined;
}
