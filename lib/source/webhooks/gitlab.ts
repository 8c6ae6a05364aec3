import * as z from 'zod/mini';
import { askPages, nextLink } from '../ask.ts';
import { DIALECT, pathOf } from '../gitlab/gitlab.ts';
import type { WebhookHost } from './host.ts';
import type { Webhook } from './webhook.ts';

/** What Fairlead can need; a webhook has a field for each event, which says whether it is sent. */
const EVENTS = ['push_events', 'merge_requests_events'] as const;

const hook = z.object({
  id: z.int(),
  url: z.string(),
  push_events: z.nullish(z.boolean()),
  merge_requests_events: z.nullish(z.boolean()),
  enable_ssl_verification: z.nullish(z.boolean()),
  push_events_branch_filter: z.nullish(z.string()),
  branch_filter_strategy: z.nullish(z.string()),
  alert_status: z.nullish(z.string()),
  token_present: z.nullish(z.boolean()),
  signing_token_present: z.nullish(z.boolean()),
});

/** What is GitLab's own to sign with begins so, and is no secret token (lib/push/hosts/gitlab). */
const SIGNING = 'whsec_';

/** docs.gitlab.com, "Project webhooks API"; "Webhooks", "Auto-disabled webhooks": a test that succeeds turns one on again. */
export const gitlab: WebhookHost = {
  dialect: DIALECT,
  right: 'the scope api, and the role Maintainer in the project',
  events: { always: ['push_events'], forPreviews: ['merge_requests_events'] },
  pathOf: (repository) => `${pathOf(repository)}/hooks`,
  list: async (api, asked) => {
    const first = { ...asked, path: `${asked.path}?per_page=100` };
    return await askPages(api, first, z.array(hook), (items, headers) => ({
      items: items.map(read),
      next: nextLink(headers),
    }));
  },
  change: 'PUT',
  body: ({ url, events, verifies, filter }, secret) => ({
    url,
    ...Object.fromEntries(events.map((event) => [event, true])),
    enable_ssl_verification: verifies,
    push_events_branch_filter: filter,
    ...(filter === '' && { branch_filter_strategy: 'all_branches' }),
    ...(secret.startsWith(SIGNING) ? { signing_token: secret } : { token: secret }),
  }),
  make: { name: 'Fairlead' },
  whyNotTaken: (answer, secret) =>
    secret.startsWith(SIGNING) && hook.safeParse(answer).data?.signing_token_present !== true
      ? 'this GitLab takes no signing token (whsec_…) by its API: enter it on the webhook’s page'
      : undefined,
  test: ({ active }) => (active ? undefined : { path: '/test/push_events' }),
};

function read(one: z.output<typeof hook>): Webhook {
  const isFiltered = one.branch_filter_strategy !== 'all_branches';
  const secrets = [one.token_present, one.signing_token_present];
  return {
    id: String(one.id),
    url: one.url,
    events: EVENTS.filter((event) => one[event]),
    // GitLab turns off what fails often; nobody else can.
    active: (one.alert_status ?? 'executable') === 'executable',
    contentType: 'json',
    verifies: one.enable_ssl_verification !== false,
    filter: (isFiltered && one.push_events_branch_filter) || '',
    hasSecret: typeof one.token_present === 'boolean' ? secrets.includes(true) : undefined,
    kept: {},
  };
}
