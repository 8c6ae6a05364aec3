import type { Delivery } from '../deliveries.ts';
import type { Git } from '../git.ts';
import type { Repository } from '../repositories.ts';
import type { Handler } from '../rest-call.ts';
import type { RefUpdate } from '../updates.ts';

/** A push of one ref, with the others that were pushed with it. */
export interface Pushed {
  git: Git;
  /** The host's own address. */
  url: string;
  repository: Repository;
  update: RefUpdate;
  together: RefUpdate[];
}

export type Route = readonly [method: string, path: RegExp, handler: Handler];

/** What tells one kind of git host from another: its webhooks, and its REST API as far as a deployment needs it. */
export interface Dialect {
  /** Begins every path of its REST API. */
  api: string;
  /** Whether a path elsewhere is answered as one of its REST API, too. */
  isApi?(path: string): boolean;
  /** What becomes of `path` below `api`, still encoded: whose it is, and what of it is asked. */
  locate(path: string): { name: string; rest: string } | undefined;
  /** By `rest`, decoded. */
  routes: readonly Route[];
  /** The event that tells of a ref that moved. */
  event(pushed: Pushed): Promise<{ event: string; payload: unknown }>;
  /** Of a webhook, with its signature. */
  headers(
    delivery: Pick<Delivery, 'guid' | 'event' | 'body' | 'hook'>,
    secret: string,
  ): Record<string, string>;
  /** What the webhook is subscribed to that a repository has from its beginning. */
  subscriptions: readonly string[];
  /** What a webhook is subscribed to that tells of `event`, where that is called otherwise. */
  subscription?(event: string): string;
  /** Where an attempt is sent again, below `api`; absent where people do that on a page. */
  redelivery?(repository: string, hook: number, attempt: number | undefined): string;
}

/** The repository and the rest of `/repos/OWNER/NAME/…`, as GitHub and Gitea call them. */
export function located(path: string, owner: string): { name: string; rest: string } | undefined {
  const [, by, name, rest = ''] = /^\/repos\/([^/]+)\/([^/]+?)(\/.*)?$/.exec(decoded(path)) ?? [];
  return by === owner && name !== undefined ? { name, rest } : undefined;
}

/** A path without its query; empty where it cannot be decoded. */
export function decoded(path: string): string {
  try {
    return decodeURIComponent(path.split('?')[0] ?? '');
  } catch {
    return '';
  }
}
