import type { Hook, HookSettings } from '../hooks.ts';
import { type Answer, type Call, textOf, unprocessable } from '../rest-call.ts';
import { type HookDialect, hookRoutes, objectOf, pageOfHooks, textsOf } from '../rest-hooks.ts';
import type { Route } from './dialect.ts';

const TYPES = ['dingtalk', 'discord', 'feishu', 'gitea', 'gogs', 'msteams', 'slack', 'telegram'];

const HOOKS: HookDialect = {
  change: 'PATCH',
  id: '\\d+',
  refusal: { status: 403, body: { message: 'user should be an owner or a collaborator with admin write' } },
  json,
  list: (call, hooks) => {
    const { some } = pageOfHooks(hooks, call.query);
    return {
      status: 200,
      // And no word of the next page.
      headers: { 'x-total-count': String(hooks.length) },
      body: some.map((hook) => json(call, hook)),
    };
  },
  read,
};

/** Gitea's API, repoListHooks, repoCreateHook, repoGetHook, repoEditHook, repoDeleteHook. */
export const HOOK_ROUTES: Route[] = hookRoutes(HOOKS);

function json(_: Call, { id, url, contentType, events, active, more, createdAt, updatedAt }: Hook) {
  return {
    ...{ id, type: more.type ?? 'gitea', active, events },
    ...{ config: { url: url(), content_type: contentType }, branch_filter: more.filter ?? '' },
    ...{ authorization_header: more.header ?? '', created_at: createdAt, updated_at: updatedAt },
  };
}

/** Who makes one says its type, URL and content type; an edit that says no events leaves pushes alone. */
function read(body: Record<string, unknown>, _: Call, hook?: Hook): HookSettings | Answer {
  const config = objectOf(body.config) ?? {};
  const type = hook === undefined ? textOf(body.type) : textOf(hook.more.type);
  if (hook === undefined && !TYPES.includes(type ?? '')) return unprocessable(`Invalid hook type: ${type}`);
  const url = textOf(config.url) ?? hook?.url();
  if (url === undefined) return unprocessable('Missing config option: url');
  const contentType = config.content_type ?? hook?.contentType;
  if (contentType === undefined) return unprocessable('Missing config option: content_type');
  if (contentType !== 'json' && contentType !== 'form') return unprocessable('Invalid content type');
  const events = textsOf(body.events) ?? [];
  return {
    url: () => url,
    secret: textOf(config.secret) ?? hook?.secret ?? '',
    events: events.length === 0 ? ['push'] : events,
    active: typeof body.active === 'boolean' ? body.active : (hook?.active ?? false),
    contentType,
    verifies: true,
    more: { type, filter: body.branch_filter ?? '', header: body.authorization_header ?? '' },
  };
}
