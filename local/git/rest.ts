import type { IncomingMessage, ServerResponse } from 'node:http';
import { attemptJson, deliveriesJson } from './delivery-json.ts';
import { commit } from './history.ts';
import { OWNER, repositoryJson } from './payload.ts';
import { findBranches, findCommit, findRef } from './refs.ts';
import {
  type Answer,
  type Call,
  type Handler,
  jsonBody,
  notFound,
  ok,
  pageOf,
  type RestParts,
  textOf,
  unprocessable,
} from './rest-call.ts';
import { PULL_ROUTES } from './rest-pulls.ts';
import { STATES } from './statuses.ts';
import { sendTarball } from './tarball.ts';

/** Paths below `/repos/{owner}/{repo}` (docs.github.com, "REST API endpoints"). */
const ROUTES: [method: string, path: RegExp, handler: Handler][] = [
  ['GET', /^$/, async ({ url, repository }) => ok(repositoryJson(url, repository))],
  ['GET', /^\/git\/ref\/(.+)$/, getRef],
  ['GET', /^\/branches$/, listBranches],
  ['GET', /^\/commits\/(.+)\/statuses$/, listStatuses],
  ['GET', /^\/commits\/(.+)$/, getCommit],
  ['GET', /^\/tarball(?:\/(.+))?$/, getTarball],
  ['POST', /^\/statuses\/([0-9a-f]+)$/, createStatus],
  ['GET', /^\/hooks\/1$/, async (call) => ok(hookJson(call))],
  ['PATCH', /^\/hooks\/1$/, updateHook],
  ['GET', /^\/hooks\/1\/deliveries$/, listDeliveries],
  ['GET', /^\/hooks\/1\/deliveries\/(\d+)$/, getDelivery],
  ['POST', /^\/hooks\/1\/deliveries\/(\d+)\/attempts$/, redeliver],
  ['GET', /^\/activity$/, async (call) => ok(pageOf(call, call.activities.of(call.repository.name)))],
  ...PULL_ROUTES,
];

/** Answers a request to GitHub's REST API; `path` is what follows `/api/v3`. Anyone may ask, with a token or without. */
export async function answerRest(
  parts: RestParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerTo(parts, path, request, response);
  if (answer === 'sent') return;
  request.resume();
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

async function answerTo(
  parts: RestParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | 'sent'> {
  const match = /^\/repos\/([^/]+)\/([^/]+?)(\/.*)?$/.exec(decoded(path));
  const [, owner, name = '', rest = ''] = match ?? [];
  const repository = owner === OWNER ? await parts.repositories.find(name) : undefined;
  if (repository === undefined) return notFound();
  for (const [method, pattern, handler] of ROUTES) {
    const found = method === request.method ? pattern.exec(rest.replace(/\/$/, '')) : null;
    if (found === null) continue;
    const query = new URLSearchParams(path.split('?')[1] ?? '');
    return handler({
      ...parts,
      repository,
      part: found[1] ?? '',
      query,
      user: userOf(request),
      request,
      response,
    });
  }
  return notFound();
}

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

async function getTarball({ git, repository, part, response }: Call): Promise<Answer | 'sent'> {
  const sha = await findCommit(git, repository.directory, part === '' ? 'HEAD' : part);
  if (sha === undefined) return notFound();
  await sendTarball(git, repository, sha, response);
  return 'sent';
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

async function listStatuses({ git, repository, part, statuses }: Call): Promise<Answer> {
  const sha = await findCommit(git, repository.directory, part);
  return sha === undefined ? notFound() : ok(statuses.of(repository.name, sha));
}

function hookJson({ deliveries, repository }: Call) {
  const events = ['push', 'pull_request', 'issue_comment'];
  return { id: 1, name: 'web', active: deliveries.isActive(repository.name), events };
}

async function updateHook(call: Call): Promise<Answer> {
  const active = (await jsonBody(call.request))?.active;
  if (typeof active !== 'boolean') return unprocessable('active must be true or false');
  call.deliveries.setActive(call.repository.name, active);
  return ok(hookJson(call));
}

async function listDeliveries({ deliveries, repository }: Call): Promise<Answer> {
  return ok(deliveriesJson(deliveries.of(repository.name)));
}

async function getDelivery({ deliveries, repository, part }: Call): Promise<Answer> {
  const found = attemptJson(deliveries.of(repository.name), Number(part));
  return found === undefined ? notFound() : ok(found);
}

async function redeliver({ deliveries, repository, part }: Call): Promise<Answer> {
  const attempt = deliveries.redeliver(repository.name, Number(part));
  return attempt === undefined ? notFound() : { status: 202, body: {} };
}

/** Nobody has a password here: a token is taken for the name of who asks. */
function userOf({ headers: { authorization = '' } }: IncomingMessage): string {
  return /^(?:bearer|token) ([\w-]{1,39})$/i.exec(authorization)?.[1] ?? OWNER;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path.split('?')[0] ?? '');
  } catch {
    return '';
  }
}
