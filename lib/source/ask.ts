import * as z from 'zod/mini';
import { FairleadError, type Fault } from '../errors.ts';
import { type Api, type ApiRequest, request } from './request.ts';
import type { Asked, Head, Repository } from './types.ts';

// SHA-1 or SHA-256 (gitformat-hash, "Object names").
export const objectId = z.string().check(z.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/));

export const nameOf = ({ owner, name }: Repository) => (owner === '' ? name : `${owner}/${name}`);

/**
 * Asks for one thing and reads it by `schema`.
 * @throws FairleadError `source/refused`, and what {@link request} throws
 */
export async function ask<T extends z.ZodMiniType>(
  api: Api,
  asked: ApiRequest,
  schema: T,
): Promise<Asked<z.output<T>>> {
  const answer = await askOnce(api, asked, schema);
  return answer.is === 'absent' ? answer : { is: 'found', value: answer.value };
}

/** Does something whose answer holds nothing new. @throws FairleadError as {@link ask}, and `source/refused` for a 404 */
export async function tell(api: Api, asked: ApiRequest): Promise<void> {
  const response = await request(api, asked);
  if (!response.ok) throw await refused(response, api, asked);
  await response.body?.cancel();
}

/** The commit of a branch that was asked for. */
export function headIn<T>(asked: Asked<T>, commit: (branch: T) => string): Head {
  return asked.is === 'absent' ? { is: 'gone' } : { is: 'found', commit: commit(asked.value) };
}

/** `text` as several segments of a path: its slashes stay. */
export function segments(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/');
}

/** The most pages that are read of a list. */
const MOST_PAGES = 100;

/** What is on one page of a list, and how the next one is asked for. */
export interface Page<T> {
  items: readonly T[];
  /** The query of the next page, with its `?`; undefined on the last one. */
  next: string | undefined;
}

/**
 * Asks for a list, page by page; `read` says what is on one. A list is whole or an error: what is missing from it would
 * be taken for gone.
 * @throws FairleadError `source/too-long`, and as {@link ask}
 */
export async function askPages<T extends z.ZodMiniType, Item>(
  api: Api,
  asked: ApiRequest,
  schema: T,
  read: (page: z.output<T>, headers: Headers) => Page<Item>,
): Promise<Asked<Item[]>> {
  const all: Item[] = [];
  let { path } = asked;
  for (let count = 0; count < MOST_PAGES; count++) {
    const answer = await askOnce(api, { ...asked, path }, schema);
    if (answer.is === 'absent') return answer;
    const { items, next } = read(answer.value, answer.headers);
    all.push(...items);
    if (next === undefined) return { is: 'found', value: all };
    // Only the query is the host's to say: it may know itself by another name than it is reached by.
    path = `${asked.path.split('?')[0]}${next}`;
  }
  throw new FairleadError({
    code: 'source/too-long',
    operation: asked.operation,
    place: placeOf(api, asked),
    cause: `the list has more than ${MOST_PAGES} pages`,
  });
}

/** The query of the page that a `Link` header calls the next one (RFC 8288). */
export function nextLink(headers: Headers): string | undefined {
  for (const link of (headers.get('link') ?? '').split(/,(?=\s*<)/)) {
    const [, target, parameters = ''] = /^\s*<([^>]*)>(.*)$/s.exec(link) ?? [];
    if (target !== undefined && /;\s*rel="?next"?\s*(;|$)/.test(parameters)) return queryOf(target);
  }
  return undefined;
}

/** `?a=b` of a URL. */
export function queryOf(url: string): string | undefined {
  return URL.parse(url, 'http://host')?.search;
}

type Answer<T> = { is: 'found'; value: T; headers: Headers } | { is: 'absent' };

async function askOnce<T extends z.ZodMiniType>(
  api: Api,
  asked: ApiRequest,
  schema: T,
): Promise<Answer<z.output<T>>> {
  const response = await request(api, asked);
  if (response.status === 404) {
    await response.body?.cancel();
    return { is: 'absent' };
  }
  if (!response.ok) throw await refused(response, api, asked);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return { is: 'found', value: parsed.data, headers: response.headers };
  const [issue] = parsed.error.issues;
  throw new FairleadError({
    code: 'source/refused',
    operation: asked.operation,
    place: placeOf(api, asked),
    cause: `the answer is not what ${api.dialect.host} says: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    remedy: 'check the base URL of the git host’s API',
  });
}

/** Hosts say it in one of these; Bitbucket's and GitLab's `error` may be a sentence or an object. */
const complaint = z.object({
  message: z.optional(z.unknown()),
  error: z.optional(z.union([z.string(), z.object({ message: z.string() })])),
});

/** `source/refused`, with the status that the host answered. */
export class HostRefusal extends FairleadError {
  readonly status: number;

  constructor(status: number, fault: Fault) {
    super(fault);
    this.status = status;
  }
}

/** What the host said no with. Reads the body of its answer. */
export async function refused(response: Response, api: Api, asked: ApiRequest): Promise<HostRefusal> {
  const body: unknown = await response.json().catch(() => undefined);
  const said = complaint.safeParse(body);
  const words = said.success ? wordsOf(said.data) : undefined;
  const credentials = response.status === 401 || response.status === 403;
  return new HostRefusal(response.status, {
    code: 'source/refused',
    operation: asked.operation,
    place: placeOf(api, asked),
    cause: `the git host answered ${response.status}${words === undefined ? '' : `: ${shorten(words, 200)}`}`,
    ...(credentials ? { remedy: 'check the token that is configured for it and its permissions' } : {}),
  });
}

function wordsOf({ message, error }: z.output<typeof complaint>): string | undefined {
  if (typeof message === 'string') return message;
  // GitLab: what is wrong with each field.
  if (typeof message === 'object' && message !== null) return JSON.stringify(message);
  return typeof error === 'object' ? error.message : error;
}

function placeOf({ baseUrl }: Api, { path }: ApiRequest): string {
  return `${baseUrl}${path}`;
}

/** One line of `most` characters at most. */
export function shorten(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}
