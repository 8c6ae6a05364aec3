import { createHmac } from 'node:crypto';
import { OWNER, pushPayload } from '../payload.ts';
import { ROUTES } from '../rest.ts';
import { type Dialect, located } from './dialect.ts';

/** GitHub (docs.github.com, "Webhook events and payloads", "Delivery headers"; "REST API endpoints"). */
export const GITHUB: Dialect = {
  api: '/api/v3',
  locate: (path) => located(path, OWNER),
  routes: ROUTES,
  event: async ({ git, url, repository, update, together }) => ({
    event: 'push',
    payload: await pushPayload(git, url, repository, update, together),
  }),
  subscriptions: ['push', 'delete', 'pull_request', 'issue_comment'],
  headers: ({ guid, event, body, hook }, secret) => ({
    'user-agent': 'GitHub-Hookshot/fairlead',
    'x-github-event': event,
    'x-github-delivery': guid,
    'x-github-hook-id': String(hook.id),
    'x-github-hook-installation-target-type': 'repository',
    ...(secret !== '' && {
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    }),
  }),
  redelivery: (repository, hook, attempt) =>
    `/repos/${OWNER}/${repository}/hooks/${hook}/deliveries/${attempt}/attempts`,
};
