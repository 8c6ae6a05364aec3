import * as z from 'zod/mini';
import { askPages, queryOf } from '../ask.ts';
import { DIALECT, pathOf } from '../bitbucket/bitbucket.ts';
import type { WebhookHost } from './host.ts';
import type { Webhook } from './webhook.ts';

const hook = z.object({
  uuid: z.string(),
  url: z.string(),
  description: z.nullish(z.string()),
  active: z.boolean(),
  events: z.array(z.string()),
  secret_set: z.optional(z.boolean()),
  // What "Skip certificate verification" says on its page.
  skip_cert_verification: z.optional(z.boolean()),
});
const page = z.object({ values: z.array(hook), next: z.optional(z.string()) });

/** Bitbucket Cloud's REST API 2.0, "Webhooks": List, Create, Update and Delete a webhook for a repository. */
export const bitbucket: WebhookHost = {
  dialect: DIALECT,
  right: 'the scope webhook (Webhooks: read and write), of somebody who administers the repository',
  events: { always: ['repo:push'], forPreviews: [] },
  pathOf: (repository) => `${pathOf(repository)}/hooks`,
  list: async (api, asked) =>
    await askPages(api, { ...asked, path: `${asked.path}?pagelen=100` }, page, ({ values, next }) => ({
      items: values.map(read),
      next: next === undefined ? undefined : queryOf(next),
    })),
  change: 'PUT',
  body: ({ url, events, active, verifies, kept }, secret) => ({
    ...{ url, events, active, secret, skip_cert_verification: !verifies },
    ...kept,
  }),
  make: { description: 'Fairlead' },
};

function read(one: z.output<typeof hook>): Webhook {
  return {
    id: one.uuid,
    url: one.url,
    events: one.events,
    active: one.active,
    contentType: 'json',
    verifies: one.skip_cert_verification !== true,
    filter: '',
    hasSecret: one.secret_set,
    kept: { description: one.description ?? '' },
  };
}
