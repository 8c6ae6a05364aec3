import type { Hook, HookSettings } from '../hooks.ts';
import { repositoryJson } from '../payload.ts';
import {
  type Answer,
  type Call,
  jsonBody,
  notFound,
  ok,
  pageOf,
  textOf,
  unprocessable,
} from '../rest-call.ts';
import { type HookDialect, hookRoutes, objectOf, onHook, owners, textsOf } from '../rest-hooks.ts';
import type { Route } from './dialect.ts';

const HOOKS: HookDialect = {
  change: 'PATCH',
  id: '\\d+',
  // GitHub does not say that there is something to whom it does not show it.
  refusal: notFound(),
  json,
  list: (call, hooks) =>
    ok(
      pageOf(
        call,
        hooks.map((hook) => json(call, hook)),
      ),
    ),
  read,
  onMade: ping,
};

/** docs.github.com, "REST API endpoints for repository webhooks". */
export const HOOK_ROUTES: Route[] = [
  ...hookRoutes(HOOKS),
  [
    'GET',
    /^\/hooks\/(\d+)\/config$/,
    owners(
      HOOKS,
      onHook(async (_, hook) => ok(configJson(hook))),
    ),
  ],
  ['PATCH', /^\/hooks\/(\d+)\/config$/, owners(HOOKS, onHook(changeConfig))],
  [
    'POST',
    /^\/hooks\/(\d+)\/pings$/,
    owners(
      HOOKS,
      onHook(async (call, hook) => pinged(call, hook)),
    ),
  ],
];

function json({ url, repository }: Call, hook: Hook) {
  const { id, active, events, createdAt: created_at, updatedAt: updated_at } = hook;
  const own = `${repositoryJson(url, repository).url}/hooks/${id}`;
  return {
    ...{ type: 'Repository', id, name: 'web', active, events, config: configJson(hook) },
    ...{ updated_at, created_at, url: own, test_url: `${own}/test`, ping_url: `${own}/pings` },
    deliveries_url: `${own}/deliveries`,
    last_response: { code: null, status: 'unused', message: null },
  };
}

function configJson({ url, contentType, verifies, secret }: Hook) {
  const shown = secret === '' ? {} : { secret: '********' };
  return { url: url(), content_type: contentType, insecure_ssl: verifies ? '0' : '1', ...shown };
}

/** A `config` replaces the one before as a whole: a secret that is not said again is gone. */
function read(body: Record<string, unknown>, call: Call, hook?: Hook): HookSettings | Answer {
  const config = objectOf(body.config);
  const { active = hook?.active ?? true, events = hook?.events ?? ['push'], name = 'web' } = body;
  if (typeof active !== 'boolean') return unprocessable('active must be true or false');
  const subscribed = textsOf(events);
  if (subscribed === undefined || subscribed.length === 0) return unprocessable('events must be a list');
  if (name !== 'web') return unprocessable('name must be web');
  const more = { active, events: subscribed, more: {} };
  if (config === undefined && hook !== undefined) return { ...hook, ...more };
  const url = textOf(config?.url) ?? hook?.url() ?? '';
  if (!URL.canParse(url)) return unprocessable('Validation Failed: url is missing or no URL');
  const others = call.deliveries.hooks.of(call.repository.name).filter((other) => other !== hook);
  if (others.some((other) => other.url() === url))
    return unprocessable('Validation Failed: Hook already exists on this repository');
  return { ...more, ...configOf(config ?? {}), url: () => url };
}

function configOf({ content_type: type, insecure_ssl: insecure, secret }: Record<string, unknown>) {
  return {
    contentType: type === 'json' ? ('json' as const) : ('form' as const),
    verifies: String(insecure ?? 0) === '0',
    secret: textOf(secret) ?? '',
  };
}

/** "Update a webhook configuration for a repository": what is not named stays. */
async function changeConfig({ request }: Call, hook: Hook): Promise<Answer> {
  const body = (await jsonBody(request)) ?? {};
  const now = {
    content_type: hook.contentType,
    insecure_ssl: hook.verifies ? '0' : '1',
    secret: hook.secret,
  };
  Object.assign(hook, configOf({ ...now, ...body }), { updatedAt: new Date().toISOString() });
  const url = textOf(body.url);
  if (url !== undefined) hook.url = () => url;
  return ok(configJson(hook));
}

function pinged(call: Call, hook: Hook): Answer {
  ping(call, hook);
  return { status: 204, body: undefined };
}

/** The event `ping`: of a webhook that was made, and of one that somebody tries. */
function ping(call: Call, hook: Hook): void {
  const { deliveries, repository, url } = call;
  const payload = {
    ...{ zen: 'Keep it logically awesome.', hook_id: hook.id, hook: json(call, hook) },
    repository: repositoryJson(url, repository),
  };
  void deliveries.send(deliveries.prepare(repository.name, '', payload, 'ping', hook));
}
