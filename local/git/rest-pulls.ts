import { OWNER, repositoryJson } from './payload.ts';
import { commentJson, pullJson } from './pull-json.ts';
import type { PullRequest } from './pulls.ts';
import {
  type Call,
  type Handler,
  jsonBody,
  notFound,
  ok,
  pageOf,
  textOf,
  unprocessable,
} from './rest-call.ts';

/** Pull requests, their conversation, and forks (docs.github.com, "Pull requests", "Issues", "Forks"). */
export const PULL_ROUTES: [method: string, path: RegExp, handler: Handler][] = [
  ['POST', /^\/forks$/, createFork],
  [
    'GET',
    /^\/pulls$/,
    async (call) => ok(pageOf(call, wanted(call)).map((pull) => pullJson(call.url, pull))),
  ],
  ['POST', /^\/pulls$/, createPull],
  ['GET', /^\/pulls\/(\d+)$/, onPull(async ({ url }, pull) => ok(pullJson(url, pull)))],
  ['PATCH', /^\/pulls\/(\d+)$/, onPull(updatePull)],
  ['GET', /^\/issues\/(\d+)\/comments$/, onPull(listComments)],
  ['POST', /^\/issues\/(\d+)\/comments$/, onPull(createComment)],
  ['PATCH', /^\/issues\/comments\/(\d+)$/, updateComment],
  ['POST', /^\/issues\/(\d+)\/labels$/, onPull(addLabels)],
  ['GET', /^\/collaborators\/([^/]+)\/permission$/, permission],
];

function onPull(handler: (call: Call, pull: PullRequest) => ReturnType<Handler>): Handler {
  return async (call) => {
    const pull = call.pulls.find(call.repository, Number(call.part));
    return pull === undefined ? notFound() : await handler(call, pull);
  };
}

/** By `state` (open when it is left out) and `head` (`owner:branch`, of the repository itself). */
function wanted({ pulls, repository, query }: Call): PullRequest[] {
  const state = query.get('state') ?? 'open';
  const head = query.get('head');
  return pulls.of(repository).filter((pull) => {
    const own = pull.head.repository.name === repository.name;
    const named = head === null || (own && head === `${OWNER}:${pull.head.branch}`);
    return named && (state === 'all' || pull.state === state);
  });
}

/** All repositories are of one owner here, so a fork has a name of its own: the body's `name`. */
async function createFork({ repositories, repository, request, url }: Call) {
  const name = textOf((await jsonBody(request))?.name) ?? `${repository.name}-fork`;
  if ((await repositories.find(name)) !== undefined)
    return unprocessable(`there is a repository ${name} already`);
  const fork = await repositories.fork(repository, name);
  return { status: 202, body: repositoryJson(url, fork) };
}

async function createPull(call: Call) {
  const { pulls, repositories, repository, request, url, user } = call;
  const body = await jsonBody(request);
  const branch = textOf(body?.head)?.replace(`${OWNER}:`, '');
  if (branch === undefined) return unprocessable('head is missing');
  const from = textOf(body?.head_repo) ?? repository.name;
  const head = await repositories.find(from);
  if (head === undefined || (head.name !== repository.name && head.parent !== repository.name))
    return unprocessable(`${from} is no fork of ${repository.name}`);
  const pull = await pulls.open({
    title: textOf(body?.title) ?? branch,
    by: user,
    base: { repository, branch: textOf(body?.base) ?? 'main' },
    head: { repository: head, branch },
  });
  if (pull === undefined) return unprocessable(`${from} has no branch ${branch}`);
  return { status: 201, body: pullJson(url, pull) };
}

async function updatePull({ pulls, request, url }: Call, pull: PullRequest) {
  const { state } = (await jsonBody(request)) ?? {};
  if (state !== 'open' && state !== 'closed') return unprocessable('state must be open or closed');
  pulls.setState(pull, state);
  return ok(pullJson(url, pull));
}

async function listComments(call: Call, { comments }: PullRequest) {
  return ok(pageOf(call, comments).map((comment) => commentJson(call.url, call.repository, comment)));
}

async function createComment(
  { announceComment, pulls, repository, request, url, user }: Call,
  pull: PullRequest,
) {
  const body = textOf((await jsonBody(request))?.body);
  if (body === undefined) return unprocessable('body is missing');
  const comment = pulls.comment(pull, user, body);
  announceComment(pull, comment);
  return { status: 201, body: commentJson(url, repository, comment) };
}

async function updateComment({ pulls, repository, part, request, url }: Call) {
  const body = textOf((await jsonBody(request))?.body);
  const edited = body === undefined ? undefined : pulls.editComment(repository, Number(part), body);
  return edited === undefined ? notFound() : ok(commentJson(url, repository, edited[1]));
}

/** docs.github.com, "Collaborators". Everything is public here, and the owner's alone. */
async function permission({ part }: Call) {
  return ok({ permission: part === OWNER ? 'admin' : 'read' });
}

async function addLabels({ pulls, request }: Call, pull: PullRequest) {
  const labels = (await jsonBody(request))?.labels;
  if (!Array.isArray(labels)) return unprocessable('labels must be a list');
  for (const label of labels) pulls.label(pull, String(label));
  return ok(pull.labels.map((name) => ({ name })));
}
