import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Activities } from './activities.ts';
import { answerRest } from './answer-rest.ts';
import { Deliveries, type Strategy, type Webhook } from './deliveries.ts';
import type { Dialect } from './dialects/dialect.ts';
import { GITHUB } from './dialects/github.ts';
import { type Git, prepareGit } from './git.ts';
import { faultOfAppName } from './names.ts';
import { commentPayload, pullPayload } from './pull-json.ts';
import { type PullRequest, Pulls } from './pulls.ts';
import { onPushTo } from './pushes.ts';
import { Repositories, type Repository } from './repositories.ts';
import type { RestParts } from './rest-call.ts';
import { type Route, routeOf, type Service } from './routes.ts';
import { advertise, receivePack, refuse, uploadPack } from './smart-http.ts';
import { Statuses } from './statuses.ts';
import { Stories } from './stories.ts';

export interface GitHostOptions {
  /** Folder that holds the repositories; a host started on it again serves the same. */
  stateDir: string;
  /** Default 0: one that is free. */
  port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** The kind of host that it speaks as. Default: GitHub's. */
  dialect?: Dialect;
  /** Where pushes are announced, by the webhook that a repository has from its beginning. */
  webhook: Webhook;
  /** Log records of the functions: emits `record` with `{ function, record: { event?, message, delivery? … } }`. */
  records: EventEmitter;
  /** How webhooks reach the function. Default: once, at once. */
  deliver?: Strategy;
  /** How long a push watches its deployment. Milliseconds; default 15 minutes. */
  patience?: number;
  /** What git processes inherit, without its `GIT_*`. Default: the environment of this process. */
  environment?: NodeJS.ProcessEnv;
}

export interface GitHost {
  /** `http://<address>:<port>`; a repository is `<url>/<app>.git`. */
  url: string;
  /** Base URL of its REST API: `<url>/api/v3`. */
  apiUrl: string;
  /** The repository of an app, made empty if need be. */
  repository(name: string): Promise<Repository>;
  /** Signs with another key from now on, by those webhooks. */
  setSecret(secret: string): void;
  close(): Promise<void>;
}

const PATIENCE = 15 * 60_000;

interface Host extends RestParts {
  stories: Stories;
  patience: number;
  /** git processes that are at work for a client. */
  working: Set<ChildProcess>;
}

/** Starts a git host that speaks smart HTTP, and a kind of host's webhooks and REST API as far as a deployment needs them. */
export async function startGit(options: GitHostOptions): Promise<GitHost> {
  const stateDir = resolve(options.stateDir);
  const git = await prepareGit(stateDir, options.environment ?? process.env);
  const host = makeHost(options, stateDir, git);
  const server = createServer((request, response) => {
    answer(host, request, response).catch((error: unknown) => fail(response, error));
  });
  // A large push over a slow line takes as long as it takes.
  server.requestTimeout = 0;
  host.url = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  return {
    url: host.url,
    apiUrl: `${host.url}${host.dialect.api}`,
    repository: (name) => host.repositories.obtain(name),
    setSecret: (secret) => {
      host.deliveries.hooks.secret = secret;
    },
    close: () => close(host, server),
  };
}

function makeHost(options: GitHostOptions, stateDir: string, git: Git): Host {
  const { dialect = GITHUB } = options;
  const deliveries = new Deliveries(dialect, options.webhook, options.deliver);
  const announce = (event: string, { base, number }: PullRequest, payload: unknown) => {
    const ref = `refs/pull/${number}/head`;
    const { name } = base.repository;
    for (const hook of deliveries.told(name, event))
      void deliveries.send(deliveries.prepare(name, ref, payload, event, hook));
  };
  const host: Host = {
    git,
    dialect,
    repositories: new Repositories(join(stateDir, 'repositories'), git),
    deliveries,
    statuses: new Statuses(),
    pulls: new Pulls(git, (event) => announce('pull_request', event.pull, pullPayload(host.url, event))),
    announceComment: (pull, comment) =>
      announce('issue_comment', pull, commentPayload(host.url, pull, comment)),
    activities: new Activities(),
    stories: new Stories(options.records),
    patience: options.patience ?? PATIENCE,
    working: new Set(),
    url: '',
  };
  return host;
}

async function answer(host: Host, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? '/';
  if (host.dialect.isApi?.(target)) return answerRest(host, target, request, response);
  const route = routeOf(request.method ?? '', target, host.dialect.api);
  switch (route.kind) {
    case 'api':
      return answerRest(host, route.path, request, response);
    case 'front':
      return say(response, 200, await frontPage(host));
    case 'refused':
      return say(response, route.status, route.message);
    case 'advertise':
      return answerAdvertise(host, route, request, response);
    case 'rpc':
      return answerRpc(host, route, request, response);
  }
}

async function answerAdvertise(
  { git, repositories }: Host,
  { repository: name, service }: Extract<Route, { kind: 'advertise' }>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const fault = faultOfAppName(name);
  if (fault !== undefined) return refuse(service, fault, response);
  const repository =
    service === 'receive-pack' ? await repositories.obtain(name) : await repositories.find(name);
  if (repository === undefined) return refuse(service, absent(name), response);
  advertise(git, repository.directory, service, request, response);
}

async function answerRpc(
  host: Host,
  { repository: name, service }: { repository: string; service: Service },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const repository = await host.repositories.find(name);
  if (repository === undefined) return say(response, 404, faultOfAppName(name) ?? absent(name));
  if (request.headers['content-type'] !== `application/x-git-${service}-request`) {
    return say(response, 415, `This is for git: it takes application/x-git-${service}-request.`);
  }
  const { directory } = repository;
  const child =
    service === 'upload-pack'
      ? uploadPack(host.git, directory, request, response)
      : receivePack(host.git, directory, request, response, onPushTo(host, repository));
  host.working.add(child);
  child.once('close', () => host.working.delete(child));
}

async function frontPage({ repositories, url }: Host): Promise<string> {
  const names = await repositories.names();
  const list = names.map((name) => `  ${url}/${name}.git`).join('\n');
  return `This is a git host. To deploy an app, push to it:\n\n  git push ${url}/<app>.git HEAD:main\n\nRepositories:\n${list || '  none yet'}`;
}

function absent(name: string): string {
  return `There is no repository ${name} yet: the first push makes it`;
}

function say(response: ServerResponse, status: number, text: string): void {
  response.req.resume();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else say(response, 500, error instanceof Error ? error.message : String(error));
}

function listen(server: Server, port: number, address: string): Promise<string> {
  return new Promise((fulfil, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there already' : error.message;
      reject(new Error(`the git host cannot listen on ${address}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, address, () => {
      const host = address.includes(':') ? `[${address}]` : address;
      fulfil(`http://${host}:${(server.address() as AddressInfo).port}`);
    });
  });
}

/** How long pushes that are at work may take to end by themselves. Milliseconds. */
const LAST_WORDS = 2000;

async function close({ stories, deliveries, working }: Host, server: Server): Promise<void> {
  const closed = new Promise<void>((fulfil) => server.close(() => fulfil()));
  stories.close();
  deliveries.close();
  const ended = [...working].map((child) => new Promise((fulfil) => child.once('close', fulfil)));
  const limit = setTimeout(() => {
    for (const child of working) child.kill();
  }, LAST_WORDS);
  await Promise.all(ended);
  clearTimeout(limit);
  server.closeAllConnections();
  await closed;
}
