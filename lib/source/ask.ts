import * as z from 'zod/mini';
import { FairleadError } from '../errors.ts';
import { type Api, type ApiRequest, request } from './request.ts';
import type { Repository } from './types.ts';

/** What was asked for, or that the host has nothing there (or shows us nothing: it does not tell the two apart). */
export type Asked<T> = { is: 'found'; value: T } | { is: 'absent' };

/** The most that GitHub puts on a page, and the most pages that are read. */
const PAGE = 100;
const MOST_PAGES = 100;

export const nameOf = ({ owner, name }: Repository) => `${owner}/${name}`;
export const pathOf = ({ owner, name }: Repository) =>
  `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;

/**
 * Asks for one thing and reads it by `schema`.
 * @throws FairleadError `source/refused`, and what {@link request} throws
 */
export async function ask<T extends z.ZodMiniType>(
  api: Api,
  asked: ApiRequest,
  schema: T,
): Promise<Asked<z.output<T>>> {
  const response = await request(api, asked);
  if (response.status === 404) {
    await response.body?.cancel();
    return { is: 'absent' };
  }
  if (!response.ok) throw await refused(response, api, asked);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return { is: 'found', value: parsed.data };
  const [issue] = parsed.error.issues;
  throw new FairleadError({
    code: 'source/refused',
    operation: asked.operation,
    place: `${api.baseUrl}${asked.path}`,
    cause: `the answer is not what GitHub says: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    remedy: 'check the base URL of the git host’s API',
  });
}

/**
 * Asks for a list, page by page ("Using pagination in the REST API"). A list is whole or an error: what is missing from
 * it would be taken for gone. `enough` ends it early.
 * @throws FairleadError `source/too-long`, and as {@link ask}
 */
export async function askAll<T extends z.ZodMiniType>(
  api: Api,
  asked: ApiRequest,
  item: T,
  enough: (page: z.output<T>[]) => boolean = () => false,
): Promise<Asked<z.output<T>[]>> {
  const all: z.output<T>[] = [];
  const joint = asked.path.includes('?') ? '&' : '?';
  for (let page = 1; page <= MOST_PAGES; page++) {
    const path = `${asked.path}${joint}per_page=${PAGE}&page=${page}`;
    const answer = await ask(api, { ...asked, path }, z.array(item));
    if (answer.is === 'absent') return answer;
    all.push(...answer.value);
    if (answer.value.length < PAGE || enough(answer.value)) return { is: 'found', value: all };
  }
  throw new FairleadError({
    code: 'source/too-long',
    operation: asked.operation,
    place: `${api.baseUrl}${asked.path}`,
    cause: `the list has more than ${MOST_PAGES * PAGE} entries`,
  });
}

/** What the host said no with. Reads the body of its answer. */
export async function refused(response: Response, api: Api, asked: ApiRequest): Promise<FairleadError> {
  const body: unknown = await response.json().catch(() => undefined);
  const said = z.object({ message: z.string() }).safeParse(body);
  const credentials = response.status === 401 || response.status === 403;
  return new FairleadError({
    code: 'source/refused',
    operation: asked.operation,
    place: `${api.baseUrl}${asked.path}`,
    cause: `the git host answered ${response.status}${said.success ? `: ${shorten(said.data.message, 200)}` : ''}`,
    ...(credentials ? { remedy: 'check the token that is configured for it and its permissions' } : {}),
  });
}

/** One line of `most` characters at most. */
export function shorten(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}
