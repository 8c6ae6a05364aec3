import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Deliveries } from './deliveries.ts';
import { attemptJson, deliveriesJson } from './delivery-json.ts';
import type { Git } from './git.ts';
import { commit } from './history.ts';
import { OWNER, repositoryJson } from './payload.ts';
import { findBranches, findCommit, findRef } from './refs.ts';
import type { Repositories, Repository } from './repositories.ts';
import { STATES, type Statuses } from './statuses.ts';
import { sendTarball } from './tarball.ts';

export interface RestParts {
  git: Git;
  repositories: Repositories;
  deliveries: Deliveries;
  statuses: Statuses;
  url: string;
}

interface Call extends RestParts {
  repository: Repository;
  /** What the path's pattern captured. */
  part: string;
  request: IncomingMessage;
  response: ServerResponse;
}

interface Answer {
  status: number;
  body: unknown;
}

/** `sent` when the handler has answered itself. */
type Handler = (call: Call) => Promise<Answer | 'sent'>;

/** Paths below `/repos/{owner}/{repo}` (docs.github.com, "REST API endpoints"). */
const ROUTES: [method: string, path: RegExp, handler: Handler][] = [
  ['GET', /^$/, async ({ url, repository }) => ok(repositoryJson(url, repository))],
  ['GET', /^\/git\/ref\/(.+)$/, getRef],
  ['GET', /^\/branches$/, listBranches],
  ['GET', /^\/commits\/(.+)\/statuses$/, listStatuses],
  ['GET', /^\/commits\/(.+)$/, getCommit],
  ['GET', /^\/tarball(?:\/(.+))?$/, getTarball],
  ['POST', /^\/statuses\/([0-9a-f]+)$/, createStatus],
  ['GET', /^\/hooks\/1\/deliveries$/, listDeliveries],
  ['GET', /^\/hooks\/1\/deliveries\/(\d+)$/, getDelivery],
  ['POST', /^\/hooks\/1\/deliveries\/(\d+)\/attempts$/, redeliver],
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
    if (found !== null) return handler({ ...parts, repository, part: found[1] ?? '', request, response });
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

async function listBranches({ git, url, repository }: Call): Promise<Answer> {
  const base = repositoryJson(url, repository).url;
  const branches = await findBranches(git, repository.directory);
  return ok(
    branches.map(({ name, sha }) => ({
      name,
      commit: { sha, url: `${base}/commits/${sha}` },
      protected: false,
    })),
  );
}

async function getCommit({ git, url, repository, part }: Call): Promise<Answer> {
  const sha = await findCommit(git, repository.directory, part);
  const found = sha === undefined ? undefined : await commit(git, repository.directory, sha);
  if (found === undefined) return { status: 422, body: { message: `No commit found for SHA: ${part}` } };
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
  if (state === undefined)
    return { status: 422, body: { message: `state must be one of ${STATES.join(', ')}` } };
  const sha = await findCommit(git, repository.directory, part);
  if (sha === undefined) return { status: 422, body: { message: `No commit found for SHA: ${part}` } };
  const status = statuses.add(repository.name, sha, {
    state,
    target_url: textOf(wanted?.target_url),
    description: textOf(wanted?.description),
    context: textOf(wanted?.context) ?? 'default',
  });
  return { status: 201, body: status };
}

async function listStatuses({ git, repository, part, statuses }: Call): Promise<Answer> {
  const sha = await findCommit(git, repository.directory, part);
  return sha === undefined ? notFound() : ok(statuses.of(repository.name, sha));
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

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function notFound(): Answer {
  return { status: 404, body: { message: 'Not Found', status: '404' } };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Bytes of a request body that are taken. */
const LARGEST_BODY = 1024 * 1024;

async function jsonBody(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  let text = '';
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.length > LARGEST_BODY) return undefined;
  }
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path.split('?')[0] ?? '');
  } catch {
    return '';
  }
}
