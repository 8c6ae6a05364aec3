import { createHmac } from 'node:crypto';
import { commit } from '../history.ts';
import { findBranches } from '../refs.ts';
import type { Repository } from '../repositories.ts';
import { type Answer, type Call, jsonBody, notFound, ok, textOf } from '../rest-call.ts';
import { isNone } from '../updates.ts';
import { HOOK_ROUTES } from './bitbucket-hooks.ts';
import { type Dialect, decoded } from './dialect.ts';
import { sendArchive, setStatus, statusesOf } from './shared.ts';

/** The workspace of all repositories. */
const WORKSPACE = 'local';

/** Branches on a page; few, so that there are several. */
const PAGE = 10;

/** Archives are on the site, beside the API. */
const ARCHIVE = /^\/([^/]+)\/([^/]+)(\/get\/[^/]+\.tar\.gz)$/;

const STATES: Record<string, 'pending' | 'success' | 'failure'> = {
  INPROGRESS: 'pending',
  SUCCESSFUL: 'success',
  FAILED: 'failure',
  STOPPED: 'failure',
};

/**
 * Bitbucket Cloud (support.atlassian.com, "Event payloads"; developer.atlassian.com, REST API 2.0). It tells of all refs
 * of a push at once; here each has an event of its own, so that the one who pushed hears of each.
 */
export const BITBUCKET: Dialect = {
  api: '/2.0',
  isApi: (path) => ARCHIVE.test(decoded(path)),
  locate,
  routes: [
    ['GET', /^$/, async ({ url, repository }) => ok(repositoryJson(url, repository))],
    ['GET', /^\/refs\/branches$/, listBranches],
    ['GET', /^\/refs\/branches\/(.+)$/, getBranch],
    ['GET', /^\/get\/(.+)\.tar\.gz$/, (call) => sendArchive(call, call.part)],
    ['POST', /^\/commit\/([0-9a-f]+)\/statuses\/build$/, createStatus],
    ['GET', /^\/commit\/(.+)\/statuses$/, statusesOf],
    ...HOOK_ROUTES,
  ],
  event: async ({ url, repository, update: { ref, before, after } }) => {
    const [, folder, ...name] = ref.split('/');
    const type = folder === 'tags' ? 'tag' : 'branch';
    const at = (hash: string) => (isNone(hash) ? null : { type, name: name.join('/'), target: { hash } });
    const moved = { new: at(after), old: at(before), created: isNone(before), closed: isNone(after) };
    const push = { changes: [{ ...moved, forced: false, truncated: false, commits: [] }] };
    return { event: 'repo:push', payload: { push, repository: repositoryJson(url, repository) } };
  },
  subscriptions: ['repo:push'],
  headers: ({ guid, event, body }, secret) => ({
    'user-agent': 'Bitbucket-Webhooks/2.0',
    'x-event-key': event,
    'x-request-uuid': guid,
    'x-attempt-number': '1',
    ...(secret !== '' && {
      'x-hub-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    }),
  }),
};

function locate(path: string) {
  const below = decoded(path);
  const [, by, name, rest = ''] =
    ARCHIVE.exec(below) ?? /^\/repositories\/([^/]+)\/([^/]+)(\/.*)?$/.exec(below) ?? [];
  return by === WORKSPACE && name !== undefined ? { name, rest } : undefined;
}

function repositoryJson(url: string, { name }: Repository) {
  const links = { html: { href: `${url}/${name}` } };
  return { type: 'repository', full_name: `${WORKSPACE}/${name}`, name, links };
}

async function branchJson({ git, repository }: Call, { name, sha }: { name: string; sha: string }) {
  const found = await commit(git, repository.directory, sha);
  return { type: 'branch', name, target: { type: 'commit', hash: sha, date: found?.committer.date } };
}

async function getBranch(call: Call): Promise<Answer> {
  const branches = await findBranches(call.git, call.repository.directory);
  const found = branches.find(({ name }) => name === call.part);
  return found === undefined ? notFound() : ok(await branchJson(call, found));
}

function ageOf({ target: { date } }: { target: { date?: string | undefined } }): number {
  return Date.now() - Date.parse(date ?? '');
}

/** "Pagination": the next page is told by its URL, in the body. */
async function listBranches(call: Call): Promise<Answer> {
  const { git, url, repository, query } = call;
  const found = await findBranches(git, repository.directory);
  const branches = await Promise.all(found.map((one) => branchJson(call, one)));
  if (query.get('sort') === '-target.date') branches.sort((one, other) => ageOf(one) - ageOf(other));
  const page = Math.max(1, Number(query.get('page') ?? 1) || 1);
  const values = branches.slice((page - 1) * PAGE, page * PAGE);
  const asked = new URLSearchParams(query);
  asked.set('page', String(page + 1));
  const next = `${url}/2.0/repositories/${WORKSPACE}/${repository.name}/refs/branches?${asked}`;
  return ok({ pagelen: PAGE, values, page, ...(page * PAGE < branches.length && { next }) });
}

/** A key and a link are asked for. */
async function createStatus(call: Call): Promise<Answer> {
  const wanted = await jsonBody(call.request);
  const { key: context, url, description } = wanted ?? {};
  const state = STATES[textOf(wanted?.state) ?? ''];
  if (state === undefined || textOf(context) === undefined || !URL.canParse(textOf(url) ?? ''))
    return { status: 400, body: { type: 'error', error: { message: 'key, state and url are required' } } };
  return await setStatus(call, call.part, {
    ...{ state, context: String(context) },
    ...{ description, target_url: url },
  });
}
