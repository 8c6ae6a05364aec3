import { attemptJson, deliveriesJson } from './delivery-json.ts';
import type { Route } from './dialects/dialect.ts';
import { HOOK_ROUTES } from './dialects/github-hooks.ts';
import { sendArchive, statusesOf } from './dialects/shared.ts';
import { commit } from './history.ts';
import { repositoryJson } from './payload.ts';
import { findBranches, findCommit, findRef } from './refs.ts';
import {
  type Answer,
  type Call,
  jsonBody,
  notFound,
  ok,
  pageOf,
  textOf,
  unprocessable,
} from './rest-call.ts';
import { PULL_ROUTES } from './rest-pulls.ts';
import { STATES } from './statuses.ts';

/** Paths below `/repos/{owner}/{repo}` (docs.github.com, "REST API endpoints"). */
export const ROUTES: readonly Route[] = [
  ['GET', /^$/, async ({ url, repository }) => ok(repositoryJson(url, repository))],
  ['GET', /^\/git\/ref\/(.+)$/, getRef],
  ['GET', /^\/branches$/, listBranches],
  ['GET', /^\/commits\/(.+)\/statuses$/, statusesOf],
  ['GET', /^\/commits\/(.+)$/, getCommit],
  ['GET', /^\/tarball(?:\/(.+))?$/, (call) => sendArchive(call, call.part === '' ? 'HEAD' : call.part)],
  ['POST', /^\/statuses\/([0-9a-f]+)$/, createStatus],
  ...HOOK_ROUTES,
  ['GET', /^\/hooks\/(\d+)\/deliveries$/, listDeliveries],
  ['GET', /^\/hooks\/\d+\/deliveries\/(\d+)$/, getDelivery],
  ['POST', /^\/hooks\/\d+\/deliveries\/(\d+)\/attempts$/, redeliver],
  ['GET', /^\/activity$/, async (call) => ok(pageOf(call, call.activities.of(call.repository.name)))],
  ...PULL_ROUTES,
];

async function getRef({ git, url, repository, part }: Call): Promise<Answer> {
  const object = await findRef(git, repository.directory, `refs/${part}`);
  if (object === undefined) return notFound();
  const base = `${repositoryJson(url, repository).url}/git`;
  return ok({
    ref: `refs/${part}`,
    url: `${base}/refs/${part}`,
    object: { ...object, url: `${base}/${object.type}s/${object.sha}` },
  });
}

async function listBranches(call: Call): Promise<Answer> {
  const { git, url, repository } = call;
  const base = repositoryJson(url, repository).url;
  const branches = await findBranches(git, repository.directory);
  return ok(
    pageOf(call, branches).map(({ name, sha }) => ({
      name,
      commit: { sha, url: `${base}/commits/${sha}` },
      protected: false,
    })),
  );
}

async function getCommit({ git, url, repository, part }: Call): Promise<Answer> {
  const sha = await findCommit(git, repository.directory, part);
  const found = sha === undefined ? undefined : await commit(git, repository.directory, sha);
  if (found === undefined) return unprocessable(`No commit found for SHA: ${part}`);
  const { url: api, html_url } = repositoryJson(url, repository);
  const { id, tree, parents, author, committer, message } = found;
  return ok({
    sha: id,
    url: `${api}/commits/${id}`,
    html_url: `${html_url}/commit/${id}`,
    commit: { author, committer, message, tree: { sha: tree } },
    author: null,
    committer: null,
    parents: parents.map((parent) => ({ sha: parent, url: `${api}/commits/${parent}` })),
  });
}

async function createStatus({ git, repository, part, request, statuses }: Call): Promise<Answer> {
  const wanted = await jsonBody(request);
  const state = STATES.find((known) => known === wanted?.state);
  if (state === undefined) return unprocessable(`state must be one of ${STATES.join(', ')}`);
  const sha = await findCommit(git, repository.directory, part);
  if (sha === undefined) return unprocessable(`No commit found for SHA: ${part}`);
  const status = statuses.add(repository.name, sha, {
    state,
    target_url: textOf(wanted?.target_url) ?? null,
    description: textOf(wanted?.description) ?? null,
    context: textOf(wanted?.context) ?? 'default',
  });
  return { status: 201, body: status };
}

async function listDeliveries({ deliveries, repository, part }: Call): Promise<Answer> {
  return ok(deliveriesJson(deliveries.of(repository.name).filter(({ hook }) => String(hook.id) === part)));
}

async function getDelivery({ deliveries, repository, part }: Call): Promise<Answer> {
  const found = attemptJson(deliveries.of(repository.name), Number(part));
  return found === undefined ? notFound() : ok(found);
}

async function redeliver({ deliveries, repository, part }: Call): Promise<Answer> {
  const attempt = deliveries.redeliver(repository.name, Number(part));
  return attempt === undefined ? notFound() : { status: 202, body: {} };
}
