import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Activities } from './activities.ts';
import type { Deliveries } from './deliveries.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { Git } from './git.ts';
import type { Comment, PullRequest, Pulls } from './pulls.ts';
import type { Repositories, Repository } from './repositories.ts';
import type { Statuses } from './statuses.ts';

/** What the REST API answers from. */
export interface RestParts {
  git: Git;
  repositories: Repositories;
  deliveries: Deliveries;
  statuses: Statuses;
  pulls: Pulls;
  activities: Activities;
  dialect: Dialect;
  announceComment(pull: PullRequest, comment: Comment): void;
  url: string;
}

/** One request to it. */
export interface Call extends RestParts {
  repository: Repository;
  /** What the path's pattern captured. */
  part: string;
  query: URLSearchParams;
  /** Who asks: the token is the name, and the owner needs none. */
  user: string;
  request: IncomingMessage;
  response: ServerResponse;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** `sent` when the handler has answered itself. */
export type Handler = (call: Call) => Promise<Answer | 'sent'>;

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function notFound(): Answer {
  return { status: 404, body: { message: 'Not Found', status: '404' } };
}

export function unprocessable(message: string): Answer {
  return { status: 422, body: { message } };
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The part of `all` that is asked for ("Using pagination in the REST API"): 30 entries, or up to 100. */
export function pageOf<T>({ query }: Call, all: readonly T[]): T[] {
  const size = Math.min(100, Number(query.get('per_page') ?? 30) || 30);
  const page = Math.max(1, Number(query.get('page') ?? 1) || 1);
  return all.slice((page - 1) * size, page * size);
}

/** Bytes of a request body that are taken. */
const LARGEST_BODY = 1024 * 1024;

export async function jsonBody(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  let text = '';
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.length > LARGEST_BODY) return undefined;
  }
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
