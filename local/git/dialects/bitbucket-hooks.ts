import type { Hook, HookSettings } from '../hooks.ts';
import { type Answer, type Call, ok, textOf } from '../rest-call.ts';
import { type HookDialect, hookRoutes, pageOfHooks, textsOf } from '../rest-hooks.ts';
import type { Route } from './dialect.ts';

const error = (status: number, message: string): Answer => ({
  status,
  body: { type: 'error', error: { message } },
});

const HOOKS: HookDialect = {
  change: 'PUT',
  id: '\\{[0-9a-f-]+\\}',
  refusal: error(403, 'Your credentials lack one or more required privilege scopes.'),
  json,
  list: (call, hooks) => {
    const { some, page, size, isLast } = pageOfHooks(hooks, call.query);
    const asked = new URLSearchParams(call.query);
    asked.set('page', String(page + 1));
    const next = `${call.url}/2.0/repositories/local/${call.repository.name}/hooks?${asked}`;
    const values = some.map((hook) => json(call, hook));
    return ok({ pagelen: size, size: hooks.length, page, values, ...(!isLast && { next }) });
  },
  read,
};

/** developer.atlassian.com, Bitbucket Cloud's REST API 2.0, "Webhooks". */
export const HOOK_ROUTES: Route[] = hookRoutes(HOOKS);

function json(_: Call, { uuid, url, events, active, secret, verifies, more, createdAt }: Hook) {
  return {
    ...{ type: 'webhook_subscription', uuid: `{${uuid}}`, url: url(), events, active },
    ...{ description: more.description ?? null, subject_type: 'repository', created_at: createdAt },
    ...{ secret_set: secret !== '', skip_cert_verification: !verifies },
  };
}

/** A secret that is not said stays; `null` takes it away. */
function read(body: Record<string, unknown>, _: Call, hook?: Hook): HookSettings | Answer {
  const url = textOf(body.url) ?? hook?.url();
  if (url === undefined || !URL.canParse(url)) return error(400, 'url: a valid URL is required');
  const events = textsOf(body.events) ?? hook?.events ?? ['repo:push'];
  if (events.length === 0) return error(400, 'events: at least one is required');
  return {
    url: () => url,
    secret: body.secret === undefined ? (hook?.secret ?? '') : (textOf(body.secret) ?? ''),
    events,
    active: typeof body.active === 'boolean' ? body.active : (hook?.active ?? true),
    contentType: 'json',
    verifies: (body.skip_cert_verification ?? !(hook?.verifies ?? true)) !== true,
    more: { description: body.description ?? hook?.more.description },
  };
}
