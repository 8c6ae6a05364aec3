import * as z from 'zod/mini';
import { askPages } from '../ask.ts';
import { DIALECT, pathOf } from '../gitea/gitea.ts';
import type { WebhookHost } from './host.ts';
import type { Webhook } from './webhook.ts';

const hook = z.object({
  id: z.int(),
  type: z.string(),
  active: z.boolean(),
  events: z.nullish(z.array(z.string())),
  config: z.object({ url: z.optional(z.string()), content_type: z.optional(z.string()) }),
  branch_filter: z.nullish(z.string()),
  authorization_header: z.nullish(z.string()),
});

/** Those whose payload is Gitea's own; others write for a chat. */
const TYPES = ['gitea', 'forgejo', 'gogs'];

/** As Gitea's own limit (`MAX_RESPONSE_ITEMS`); one that is set to less gives less. */
const PAGE = 50;

/**
 * Gitea and Forgejo (docs.gitea.com, "API", repoListHooks, repoCreateHook, repoEditHook). An edit replaces the events, the
 * filter of branches and the header as a whole. Certificates are verified or not for all of an instance.
 */
export const gitea: WebhookHost = {
  dialect: DIALECT,
  right: 'the scope write:repository, of somebody who administers the repository',
  events: { always: ['push'], forPreviews: ['delete'] },
  pathOf: (repository) => `${pathOf(repository)}/hooks`,
  list: async (api, asked) => {
    // The list says how long it is, and not what comes next.
    let [page, seen] = [1, 0];
    const numbered = () => `?limit=${PAGE}&page=${page++}`;
    const first = { ...asked, path: `${asked.path}${numbered()}` };
    return await askPages(api, first, z.array(hook), (items, headers) => {
      seen += items.length;
      const total = Number(headers.get('x-total-count') ?? Number.POSITIVE_INFINITY);
      return {
        items: items.filter(({ type }) => TYPES.includes(type)).map(read),
        next: items.length === 0 || seen >= total ? undefined : numbered(),
      };
    });
  },
  change: 'PATCH',
  body: ({ url, contentType, events, active, filter, kept }, secret) => ({
    config: { url, content_type: contentType, secret },
    events,
    active,
    branch_filter: filter,
    ...kept,
  }),
  make: { type: 'gitea' },
};

function read(one: z.output<typeof hook>): Webhook {
  const filter = one.branch_filter ?? '';
  return {
    id: String(one.id),
    url: one.config.url ?? '',
    events: one.events ?? [],
    active: one.active,
    contentType: one.config.content_type ?? 'json',
    verifies: true,
    filter: /^\*{0,2}$/.test(filter) ? '' : filter,
    hasSecret: undefined,
    kept: one.authorization_header ? { authorization_header: one.authorization_header } : {},
  };
}
