import { createHmac } from 'node:crypto';
import { commit } from '../history.ts';
import { findBranches } from '../refs.ts';
import type { Repository } from '../repositories.ts';
import { type Answer, type Call, jsonBody, notFound, ok, textOf, unprocessable } from '../rest-call.ts';
import { STATES } from '../statuses.ts';
import { isNone } from '../updates.ts';
import { type Dialect, located, type Pushed } from './dialect.ts';
import { HOOK_ROUTES } from './gitea-hooks.ts';
import { sendArchive, setStatus, statusesOf } from './shared.ts';

/** Whom all repositories belong to. */
const OWNER = 'local';

/** What an administrator lets it put on a page (`MAX_RESPONSE_ITEMS`); few, so that there are several. */
const PAGE = 10;

/**
 * Gitea (docs.gitea.com, "Webhooks" and the API's description; go-gitea/gitea, services/webhook/deliver.go, for the
 * headers). It sends GitHub's headers beside its own.
 */
export const GITEA: Dialect = {
  api: '/api/v1',
  locate: (path) => located(path, OWNER),
  routes: [
    ['GET', /^$/, async ({ url, repository }) => ok(repositoryJson(url, repository))],
    ['GET', /^\/branches$/, listBranches],
    ['GET', /^\/branches\/(.+)$/, getBranch],
    ['GET', /^\/archive\/(.+)\.tar\.gz$/, (call) => sendArchive(call, call.part)],
    ['POST', /^\/statuses\/([0-9a-f]+)$/, createStatus],
    ['GET', /^\/commits\/(.+)\/statuses$/, statusesOf],
    ...HOOK_ROUTES,
  ],
  event: async (pushed) =>
    isNone(pushed.update.after) ? deletion(pushed) : { event: 'push', payload: push(pushed) },
  subscriptions: ['push', 'delete'],
  headers: ({ guid, event, body }, secret) => {
    const hash = (by: string) => createHmac(by, secret).update(body).digest('hex');
    const told = ['gitea', 'gogs', 'github'].flatMap((host) => [
      [`x-${host}-delivery`, guid],
      [`x-${host}-event`, event],
      [`x-${host}-event-type`, event],
    ]);
    return {
      ...Object.fromEntries(told),
      'x-gitea-signature': hash('sha256'),
      'x-gogs-signature': hash('sha256'),
      'x-hub-signature': `sha1=${hash('sha1')}`,
      'x-hub-signature-256': `sha256=${hash('sha256')}`,
    };
  },
};

function push({ url, repository, update }: Pushed) {
  const pusher = userJson();
  return { ...update, commits: [], total_commits: 0, repository: repositoryJson(url, repository), pusher };
}

/** No push is told of beside it. */
function deletion({ url, repository, update: { ref } }: Pushed) {
  const [, , ...name] = ref.split('/');
  const payload = {
    ref: name.join('/'),
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    pusher_type: 'user',
    repository: repositoryJson(url, repository),
  };
  return { event: 'delete', payload };
}

const userJson = () => ({ id: 1, login: OWNER, username: OWNER });

function repositoryJson(url: string, { name, id }: Repository) {
  const html_url = `${url}/${name}`;
  const full_name = `${OWNER}/${name}`;
  return { id, owner: userJson(), name, full_name, html_url, clone_url: `${html_url}.git` };
}

async function branchJson({ git, repository }: Call, { name, sha }: { name: string; sha: string }) {
  const found = await commit(git, repository.directory, sha);
  return {
    name,
    commit: { id: sha, message: found?.message, timestamp: found?.committer.date },
    protected: false,
  };
}

async function getBranch(call: Call): Promise<Answer> {
  const branches = await findBranches(call.git, call.repository.directory);
  const found = branches.find(({ name }) => name === call.part);
  return found === undefined ? notFound() : ok(await branchJson(call, found));
}

async function listBranches(call: Call): Promise<Answer> {
  const { git, url, repository, query } = call;
  const branches = await findBranches(git, repository.directory);
  const page = Math.max(1, Number(query.get('page') ?? 1) || 1);
  const size = Math.min(PAGE, Number(query.get('limit') ?? PAGE) || PAGE);
  const some = branches.slice((page - 1) * size, page * size);
  const next = `${url}/api/v1/repos/${OWNER}/${repository.name}/branches?limit=${size}&page=${page + 1}`;
  const headers = {
    'x-total-count': String(branches.length),
    ...(page * size < branches.length && { link: `<${next}>; rel="next"` }),
  };
  return { status: 200, headers, body: await Promise.all(some.map((one) => branchJson(call, one))) };
}

async function createStatus(call: Call): Promise<Answer> {
  const wanted = await jsonBody(call.request);
  const state = STATES.find((known) => known === wanted?.state);
  if (state === undefined) return unprocessable('state is none that Gitea knows');
  const context = textOf(wanted?.context) ?? 'default';
  return await setStatus(call, call.part, { ...wanted, state, context });
}
