import * as z from 'zod/mini';
import { askAll, DIALECT, pathOf } from '../github/api.ts';
import type { WebhookHost } from './host.ts';
import type { Webhook } from './webhook.ts';

const hook = z.object({
  id: z.int(),
  active: z.boolean(),
  events: z.array(z.string()),
  config: z.object({
    url: z.optional(z.string()),
    content_type: z.optional(z.string()),
    insecure_ssl: z.optional(z.union([z.string(), z.number()])),
    // Asterisks, where there is one.
    secret: z.optional(z.string()),
  }),
});

/**
 * GitHub REST API, "Repository webhooks". An update replaces the whole `config`: without the secret it would have none
 * ("Update a repository webhook").
 */
export const github: WebhookHost = {
  dialect: DIALECT,
  right: 'Webhooks: read and write (classic: admin:repo_hook), of somebody who administers the repository',
  events: { always: ['push'], forPreviews: ['delete', 'pull_request', 'issue_comment'] },
  pathOf: (repository) => `${pathOf(repository)}/hooks`,
  list: async (api, asked) => {
    const listed = await askAll(api, asked, hook);
    return listed.is === 'absent' ? listed : { is: 'found', value: listed.value.map(read) };
  },
  change: 'PATCH',
  body: ({ url, contentType, verifies, events, active }, secret) => ({
    config: { url, content_type: contentType, insecure_ssl: verifies ? '0' : '1', secret },
    events,
    active,
  }),
  make: { name: 'web' },
  // Its answer is in the list of deliveries. One that was made is pinged by GitHub itself.
  test: () => ({ path: '/pings' }),
};

function read({ id, active, events, config }: z.output<typeof hook>): Webhook {
  return {
    id: String(id),
    url: config.url ?? '',
    events,
    active,
    contentType: config.content_type ?? 'form',
    verifies: String(config.insecure_ssl ?? 0) === '0',
    filter: '',
    hasSecret: Boolean(config.secret),
    kept: {},
  };
}
