import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admission, Principal } from '../aws/admission.ts';
import { type Listener, listen } from '../aws/loopback.ts';
import type { Place } from '../aws/service.ts';
import { httpBackend } from './cgi.ts';
import { changes, type ReferenceEvent } from './events.ts';
import { letIn } from './let-in.ts';
import type { Repositories } from './repositories.ts';

export interface CodeCommitGitOptions {
  place: Place;
  repositories: Repositories;
  /** Knows the keys, and is told of every pull and push that was let in; asked at each, as it may come later. */
  admission: () => Admission;
  /** Hears of each ref that a push moved, as EventBridge's rules do. */
  onEvent?: (event: ReferenceEvent) => void;
  /** Default: the system chooses. */
  port?: number;
}

const SERVICES = { 'git-upload-pack': 'GitPull', 'git-receive-pack': 'GitPush' } as const;

/**
 * The git side of CodeCommit: `<url>/v1/repos/<name>`, over plain HTTP on loopback. git's own server answers whoever is
 * let in.
 */
export async function startCodeCommitGit(options: CodeCommitGitOptions): Promise<Listener> {
  /** Pushes to a repository, one after the other: what each has moved is told apart by what was there before it. */
  const pushes = new Map<string, Promise<void>>();
  return await listen((request, response) => {
    answer(options, pushes, request, response).catch(() => response.destroy());
  }, options.port);
}

async function answer(
  options: CodeCommitGitOptions,
  pushes: Map<string, Promise<void>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { repositories, place } = options;
  const admission = options.admission();
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, path = '', encoded = '', rest = ''] = /^(\/v1\/repos\/([^/]+))(\/.*)$/.exec(url.pathname) ?? [];
  const service = url.searchParams.get('service') ?? rest.slice(1);
  const action = Object.hasOwn(SERVICES, service) ? SERVICES[service as keyof typeof SERVICES] : undefined;
  if (action === undefined) return say(response, 400, 'this is for git');
  const host = request.headers.host ?? '';
  const found = letIn(admission, request.headers.authorization, { host, path, region: place.region });
  if ('refused' in found) return say(response, request.headers.authorization ? 403 : 401, found.refused);
  const name = decodeURIComponent(encoded);
  if (!(await repositories.has(name))) return say(response, 404, `there is no repository ${name}`);
  const { principal } = found;
  const resource = `arn:aws:codecommit:${place.region}:${place.account}:${name}`;
  admission.record({ service: 'codecommit', action, resource }, principal);
  const serve = () => backend(options, name, rest, principal, request, response);
  if (request.method !== 'POST' || action === 'GitPull') return await serve();
  const turn = (pushes.get(name) ?? Promise.resolve()).then(() => push(options, name, principal, serve));
  pushes.set(
    name,
    turn.catch(() => undefined),
  );
  await turn;
}

async function push(
  { repositories, place, onEvent }: CodeCommitGitOptions,
  name: string,
  { arn }: Principal,
  serve: () => Promise<void>,
): Promise<void> {
  const before = await repositories.refs(name);
  await serve();
  for (const event of changes(place, { name, by: arn }, before, await repositories.refs(name)))
    onEvent?.(event);
}

async function backend(
  { repositories: { folder, environment } }: CodeCommitGitOptions,
  name: string,
  rest: string,
  { accessKeyId: user }: Principal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await httpBackend(request, response, { root: folder, path: `/${name}${rest}`, user, environment });
}

function say(response: ServerResponse, status: number, text: string): void {
  response.req.resume();
  const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="CodeCommit"' } : {};
  response.writeHead(status, { 'content-type': 'text/plain', ...challenge }).end(`${text}\n`);
}
