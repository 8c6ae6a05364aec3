import type { Hook, HookSettings } from '../hooks.ts';
import type { Answer, Call } from '../rest-call.ts';
import { textOf } from '../rest-call.ts';
import { type HookDialect, hookRoutes, pageOfHooks } from '../rest-hooks.ts';
import type { Route } from './dialect.ts';

/** Each has a field of its own, which says whether it is sent. */
const EVENTS = [
  ...['push_events', 'tag_push_events', 'merge_requests_events', 'issues_events', 'note_events'],
  ...['job_events', 'pipeline_events', 'wiki_page_events', 'releases_events'],
];

const HOOKS: HookDialect = {
  change: 'PUT',
  id: '\\d+',
  refusal: { status: 403, body: { message: '403 Forbidden' } },
  json,
  list: (call, hooks) => {
    const { some, page, isLast } = pageOfHooks(hooks, call.query);
    const next = new URLSearchParams(call.query);
    next.set('page', String(page + 1));
    const link = `<${call.url}/api/v4/projects/${call.repository.id}/hooks?${next}>; rel="next"`;
    return {
      status: 200,
      ...(!isLast && { headers: { link } }),
      body: some.map((hook) => json(call, hook)),
    };
  },
  read,
};

/** docs.gitlab.com, "Project webhooks API": of a GitLab that knows no signing tokens, and ignores what it does not know. */
export const HOOK_ROUTES: Route[] = hookRoutes(HOOKS);

function json({ repository }: Call, hook: Hook) {
  return {
    ...{ id: hook.id, url: hook.url(), project_id: repository.id, created_at: hook.createdAt },
    ...Object.fromEntries(EVENTS.map((event) => [event, hook.events.includes(event)])),
    ...{ enable_ssl_verification: hook.verifies, alert_status: 'executable', disabled_until: null },
    ...{ push_events_branch_filter: hook.more.filter ?? '', name: hook.more.name ?? '' },
    branch_filter_strategy: hook.more.strategy ?? 'wildcard',
  };
}

/** Its token is gone with the URL that it was for. */
function read(body: Record<string, unknown>, _: Call, hook?: Hook): HookSettings | Answer {
  const url = textOf(body.url);
  if (url === undefined) return { status: 400, body: { error: 'url is missing' } };
  if (!URL.canParse(url)) return { status: 422, body: { error: 'Invalid url given' } };
  const sent = (event: string) =>
    body[event] ?? (hook === undefined ? event === 'push_events' : hook.events.includes(event));
  return {
    url: () => url,
    secret: textOf(body.token) ?? (hook?.url() === url ? hook.secret : ''),
    events: EVENTS.filter((event) => sent(event) === true),
    active: true,
    contentType: 'json',
    verifies: (body.enable_ssl_verification ?? hook?.verifies) !== false,
    more: {
      name: body.name ?? hook?.more.name,
      filter: body.push_events_branch_filter ?? hook?.more.filter,
      strategy: body.branch_filter_strategy ?? hook?.more.strategy,
    },
  };
}
