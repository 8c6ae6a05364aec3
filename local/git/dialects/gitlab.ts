import { commit } from '../history.ts';
import { findBranches } from '../refs.ts';
import type { Repository } from '../repositories.ts';
import { type Answer, type Call, jsonBody, notFound, ok, textOf } from '../rest-call.ts';
import { isNone } from '../updates.ts';
import { type Dialect, decoded } from './dialect.ts';
import { HOOK_ROUTES } from './gitlab-hooks.ts';
import { sendArchive, setStatus, statusesOf } from './shared.ts';

/** The group of all projects, in another group. */
const GROUP = 'local/apps';

/** Branches on a page; few, so that there are several. */
const PAGE = 10;

/** GitLab's words for the states of a commit status. */
const STATES: Record<string, 'pending' | 'success' | 'failure'> = {
  pending: 'pending',
  running: 'pending',
  success: 'success',
  failed: 'failure',
  canceled: 'failure',
};

/** GitLab (docs.gitlab.com, "Webhooks", "Webhook events"; "REST API", version 4). */
export const GITLAB: Dialect = {
  api: '/api/v4',
  locate,
  routes: [
    ['GET', /^$/, async ({ url, repository }) => ok(projectJson(url, repository))],
    ['GET', /^\/repository\/branches$/, listBranches],
    ['GET', /^\/repository\/branches\/(.+)$/, getBranch],
    ['GET', /^\/repository\/archive\.tar\.gz$/, (call) => sendArchive(call, call.query.get('sha') ?? 'HEAD')],
    ['POST', /^\/statuses\/([0-9a-f]+)$/, createStatus],
    ['GET', /^\/repository\/commits\/(.+)\/statuses$/, statusesOf],
    ['GET', /^\/events$/, listEvents],
    ...HOOK_ROUTES,
  ],
  event: async ({ url, repository, update }) => {
    const kind = update.ref.startsWith('refs/tags/') ? 'tag_push' : 'push';
    const payload = {
      ...{ object_kind: kind, event_name: kind, ...update },
      checkout_sha: isNone(update.after) ? null : update.after,
      ...{ project_id: repository.id, project: projectJson(url, repository) },
      ...{ user_username: 'local', commits: [], total_commits_count: 0 },
    };
    return { event: kind === 'push' ? 'Push Hook' : 'Tag Push Hook', payload };
  },
  subscriptions: ['push_events', 'tag_push_events', 'merge_requests_events'],
  subscription: (event) => (event === 'Tag Push Hook' ? 'tag_push_events' : 'push_events'),
  headers: ({ guid, event }, secret) => ({
    'user-agent': 'GitLab/fairlead',
    'x-gitlab-event': event,
    'x-gitlab-event-uuid': guid,
    'idempotency-key': guid,
    ...(secret !== '' && { 'x-gitlab-token': secret }),
  }),
};

/** A project is one segment: its slashes are encoded. */
function locate(path: string) {
  const [, id = '', rest = ''] = /^\/projects\/([^/?]+)(\/[^?]*)?/.exec(path) ?? [];
  const project = decoded(id);
  const name = project.slice(GROUP.length + 1);
  return project === `${GROUP}/${name}` ? { name, rest: decoded(rest) } : undefined;
}

function projectJson(url: string, { name, id }: Repository) {
  const web_url = `${url}/${name}`;
  const path_with_namespace = `${GROUP}/${name}`;
  return { id, name, path_with_namespace, web_url, git_http_url: `${web_url}.git`, default_branch: 'main' };
}

async function branchJson({ git, repository }: Call, { name, sha }: { name: string; sha: string }) {
  const found = await commit(git, repository.directory, sha);
  return { name, commit: { id: sha, committed_date: found?.committer.date }, protected: false };
}

async function getBranch(call: Call): Promise<Answer> {
  const branches = await findBranches(call.git, call.repository.directory);
  const found = branches.find(({ name }) => name === call.part);
  return found === undefined ? notFound() : ok(await branchJson(call, found));
}

/** "REST API", Keyset-based pagination: the token of a page is the last name of the one before. */
async function listBranches(call: Call): Promise<Answer> {
  const { git, url, repository, query } = call;
  const after = query.get('page_token') ?? '';
  const branches = (await findBranches(git, repository.directory)).filter(({ name }) => name > after);
  const some = branches.slice(0, PAGE);
  const next = new URLSearchParams({ pagination: 'keyset', page_token: some.at(-1)?.name ?? '' });
  const link = `<${url}/api/v4/projects/${repository.id}/repository/branches?${next}>; rel="next"`;
  const headers: Record<string, string> = some.length < branches.length ? { link } : {};
  return { status: 200, headers, body: await Promise.all(some.map((one) => branchJson(call, one))) };
}

/** A status that is in that state already cannot come to it, and GitLab says so with a 400. */
async function createStatus(call: Call): Promise<Answer> {
  const wanted = await jsonBody(call.request);
  const told = textOf(wanted?.state) ?? '';
  const state = STATES[told];
  if (state === undefined) return { status: 400, body: { error: 'state does not have a valid value' } };
  const context = textOf(wanted?.name) ?? 'default';
  const [newest] = call.statuses.of(call.repository.name, call.part);
  if (newest?.state === 'pending' && state === 'pending' && newest.context === context)
    return { status: 400, body: { message: 'Cannot transition status via :enqueue from :pending' } };
  return await setStatus(call, call.part, { ...wanted, state, context });
}

async function listEvents({ activities, repository }: Call): Promise<Answer> {
  const told = activities.of(repository.name).map(({ ref, after, timestamp, activity_type: type }) => ({
    action_name: type === 'branch_creation' ? 'pushed new' : 'pushed to',
    created_at: timestamp,
    push_data: {
      ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
      ref: ref.replace(/^refs\/(heads|tags)\//, ''),
      commit_to: isNone(after) ? null : after,
    },
  }));
  return ok(told);
}
