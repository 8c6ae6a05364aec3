import * as z from 'zod/mini';
import { askPages } from '../ask.ts';
import type { Api, ApiRequest, Dialect } from '../request.ts';
import type { Asked, Repository } from '../types.ts';

/** GitHub REST API, "Getting started with the REST API", "Headers"; "Authenticating to the REST API". */
export const DIALECT: Dialect = {
  host: 'GitHub',
  headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
  authorize: (token) => ({ authorization: `Bearer ${token}` }),
};

export const pathOf = ({ owner, name }: Repository) =>
  `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;

/** The most that GitHub puts on a page. */
const PAGE = 100;

/** Asks for a list by the numbers of its pages ("Using pagination in the REST API"). @throws FairleadError as askPages() */
export async function askAll<T extends z.ZodMiniType>(
  api: Api,
  { path, ...asked }: ApiRequest,
  item: T,
): Promise<Asked<z.output<T>[]>> {
  const query = new URLSearchParams(path.split('?')[1]);
  query.set('per_page', String(PAGE));
  let page = 1;
  const numbered = () => {
    query.set('page', String(page++));
    return `?${query}`;
  };
  const first = { ...asked, path: `${path.split('?')[0]}${numbered()}` };
  return await askPages(api, first, z.array(item), (items) => ({
    items,
    next: items.length < PAGE ? undefined : numbered(),
  }));
}
