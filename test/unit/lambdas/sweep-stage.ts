import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Deploys } from '../../../lib/push/installation.ts';
import type { DeployRequest } from '../../../lib/push/request.ts';
import type { Push } from '../../../lib/push/types.ts';
import type { Release } from '../../../lib/release/types.ts';
import { startDynamoDB } from '../ledger/dynamodb.ts';
import { installationFile } from './installation-file.ts';

interface Said {
  id: number;
  body: string;
  author_association: string;
  user: { login: string };
}

/** A pull request as the host tells of it. */
export interface ScriptedPull {
  number: number;
  state: 'open' | 'closed';
  fork: boolean;
  branch: string;
  sha: string;
  updatedAt: string;
  comments: Said[];
}

/** A repository on the host, by a script. */
export class ScriptedRepository {
  readonly branches = new Map<string, string>();
  readonly pulls: ScriptedPull[] = [];
  readonly statuses: { commit: string; state: string; description: string }[] = [];
  /** Branches that were pushed today, and to which commit. */
  readonly pushed: { branch: string; commit: string }[] = [];
  readonly writers: string[] = ['ann'];
  /** Whether the token is of somebody who is told what others may do. */
  tellsRights = true;
  /** What every request is answered with while it is set. */
  fault: number | undefined;
  requests = 0;

  pull(number: number, fork: boolean, branch: string, sha: string): ScriptedPull {
    const updatedAt = new Date().toISOString();
    const pull: ScriptedPull = { number, state: 'open', fork, branch, sha, updatedAt, comments: [] };
    this.pulls.push(pull);
    return pull;
  }
}

/** What the sweep talks to over the network: GitHub by a script, a real ledger, and Lambda as far as it starts others. */
export class SweepStage {
  readonly repositories = new Map<string, ScriptedRepository>();
  readonly started: DeployRequest[] = [];
  readonly #names = new Set<string>();
  readonly #servers: Server[] = [];
  #database: Awaited<ReturnType<typeof startDynamoDB>> | undefined;
  #lastComment = 0;
  #file: ReturnType<typeof installationFile> | undefined;
  /** Status that starts are answered with while it is set. */
  startFault: number | undefined;

  get ledger(): Ledger {
    if (this.#database === undefined) throw new Error('the stage is not set');
    return new Ledger(this.#database.client, this.#database.table);
  }

  repository(name: string): ScriptedRepository {
    const known = this.repositories.get(name) ?? new ScriptedRepository();
    this.repositories.set(name, known);
    return known;
  }

  async set(deploys: Deploys): Promise<void> {
    this.#file = installationFile(deploys);
    this.#database = await startDynamoDB();
    const gitHub = await this.#serve(async (method, url, body) => this.#gitHub(method, url, body));
    const lambda = await this.#serve(async (_method, _url, body, headers) => {
      if (this.startFault !== undefined) return [this.startFault, { message: 'scripted' }];
      const name = String(headers['x-amz-durable-execution-name']);
      if (this.#names.has(name))
        return [409, { message: 'again' }, 'DurableExecutionAlreadyStartedException'];
      this.#names.add(name);
      this.started.push(JSON.parse(body) as DeployRequest);
      return [202, {}];
    });
    const variables = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
      AWS_ENDPOINT_URL_DYNAMODB: this.#database.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: lambda,
      LEDGER_TABLE: this.#database.table,
      DEPLOY_FUNCTION: 'deploy:live',
      HOST_API_URLS: JSON.stringify({ github: gitHub }),
      INSTALLATION_FILE: this.#file.path,
      POWERTOOLS_LOG_LEVEL: 'SILENT',
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  }

  /** Forgets everything but the ledger's connection; each test has apps of its own. */
  clear(): void {
    this.started.length = 0;
    this.startFault = undefined;
    this.repositories.clear();
  }

  async strike(): Promise<void> {
    vi.unstubAllEnvs();
    this.#file?.remove();
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
    await this.#database?.close();
  }

  /** Claims an environment for `push`, as an execution of deploy does, and brings it to what `end` says. */
  async deployed(push: Push, end: 'live' | 'dies' | 'fails' | 'bad', now = Date.now()): Promise<void> {
    const { client, table } = this.#database ?? {};
    if (client === undefined || table === undefined) throw new Error('the stage is not set');
    const ledger = new Ledger(client, table, () => now);
    const environment = { app: push.app, name: push.environment.name };
    const by = { execution: `e-${push.delivery}`, delivery: push.delivery };
    const claim = await ledger.claim(environment, by, async () => push.after);
    if (!('fence' in claim) || claim.fence === undefined) throw new Error(`not claimed: ${claim.is}`);
    await ledger.list(push, claim.fence);
    if (end === 'dies') return;
    if (end === 'bad')
      await ledger.markBad(environment, {
        commit: push.after,
        reason: 'bad',
        at: new Date(now).toISOString(),
      });
    if (end !== 'live') {
      await ledger.settle(environment, { fence: claim.fence });
      return;
    }
    const { namespace } = push.environment;
    const make = (number: number) =>
      ({
        number,
        app: push.app,
        environment: environment.name,
        namespace,
        resources: [],
        jobs: [],
      }) as unknown as Release;
    await ledger.release(environment, claim.fence, make);
    const runs = { release: 1, commit: push.after };
    await ledger.settle(environment, { fence: claim.fence, runs });
  }

  comment(pull: ScriptedPull, body: string, association = 'MEMBER', login = 'ann'): void {
    const id = ++this.#lastComment;
    pull.comments.push({ id, body, author_association: association, user: { login } });
  }

  #gitHub(method: string, url: string, body: string): [number, unknown] {
    const { pathname, searchParams } = new URL(url, 'http://host');
    const [, name = '', rest = ''] = /^\/repos\/acme\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
    const repository = this.repositories.get(name);
    if (repository === undefined) return [404, { message: 'Not Found' }];
    repository.requests++;
    if (repository.fault !== undefined) return [repository.fault, { message: 'scripted' }];
    const page = <T>(all: readonly T[]): [number, T[]] => {
      const size = Number(searchParams.get('per_page') ?? 30);
      const from = (Number(searchParams.get('page') ?? 1) - 1) * size;
      return [200, all.slice(from, from + size)];
    };
    if (rest === '/branches')
      return page([...repository.branches].map(([branch, sha]) => ({ name: branch, commit: { sha } })));
    if (rest === '/activity')
      return page(
        repository.pushed.map(({ branch, commit }) => ({
          ref: `refs/heads/${branch}`,
          after: commit,
          timestamp: new Date().toISOString(),
          activity_type: 'push',
        })),
      );
    if (rest === '/pulls')
      return page(repository.pulls.filter(({ state }) => state === 'open').map(pullJson));
    const login = /^\/collaborators\/(\w+)\/permission$/.exec(rest)?.[1];
    if (login !== undefined)
      return repository.tellsRights
        ? [200, { permission: repository.writers.includes(login) ? 'write' : 'read' }]
        : [403, { message: 'Must have push access to view collaborator permission.' }];
    const status = /^\/statuses\/(\w+)$/.exec(rest)?.[1];
    if (status !== undefined) {
      repository.statuses.push({ commit: status, ...JSON.parse(body) });
      return [201, {}];
    }
    return this.#pull(repository, method, rest, body);
  }

  #pull(repository: ScriptedRepository, method: string, rest: string, body: string): [number, unknown] {
    const [, number = '', comments] = /^\/(?:pulls|issues)\/(\d+)(\/comments)?$/.exec(rest) ?? [];
    const pull = repository.pulls.find((one) => one.number === Number(number));
    const edited = /^\/issues\/comments\/(\d+)$/.exec(rest)?.[1];
    if (edited !== undefined) {
      const comment = repository.pulls.flatMap((one) => one.comments).find(({ id }) => id === Number(edited));
      if (comment === undefined) return [404, {}];
      comment.body = JSON.parse(body).body;
      return [200, comment];
    }
    if (pull === undefined) return [404, { message: 'Not Found' }];
    if (comments === undefined) return [200, pullJson(pull)];
    if (method === 'GET') return [200, pull.comments];
    this.comment(pull, JSON.parse(body).body, 'OWNER', 'fairlead');
    return [201, pull.comments.at(-1)];
  }

  async #serve(
    answer: (
      method: string,
      url: string,
      body: string,
      headers: NodeJS.Dict<string | string[]>,
    ) => Promise<[number, unknown, string?]>,
  ): Promise<string> {
    const server = createServer(async (request, response) => {
      const body = await text(request);
      const [status, json, type] = await answer(
        request.method ?? '',
        request.url ?? '',
        body,
        request.headers,
      );
      response.writeHead(status, type === undefined ? {} : { 'x-amzn-errortype': type });
      response.end(JSON.stringify(json));
    });
    this.#servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}

function pullJson({ number, state, fork, branch, sha, updatedAt }: ScriptedPull) {
  return {
    number,
    state,
    updated_at: updatedAt,
    head: { sha, ref: branch, repo: { id: fork ? 2 : 1 } },
    base: { repo: { id: 1 } },
  };
}
