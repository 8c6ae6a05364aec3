import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A status that was set beside a commit. */
export interface SetStatus {
  commit: string;
  state: string;
  description: string;
  target_url?: string;
}

/** A repository with one branch, by a script. */
export class Repository {
  /** The branch's head; undefined when it is gone. */
  head: string | undefined;
  readonly statuses: SetStatus[] = [];
  /** Statuses that the next requests are answered with, whatever they ask for. */
  readonly faults: number[] = [];
  /** Whether the token may set statuses. */
  takesStatuses = true;
}

/** GitHub's REST API for repositories that a test moves. */
export class GitHost {
  readonly #repositories = new Map<string, Repository>();
  readonly #server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
    const body = await text(request);
    const [, name = '', path = ''] = /^\/api\/v3\/repos\/acme\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const repository = this.repository(name);
    const fault = repository.faults.shift();
    if (fault !== undefined) return answer(fault, { message: 'scripted' });
    if (path.startsWith('/git/ref/heads/')) {
      if (repository.head === undefined) return answer(404, { message: 'Not Found' });
      return answer(200, { ref: 'refs/heads/main', object: { sha: repository.head, type: 'commit' } });
    }
    const commit = /^\/statuses\/(\w+)$/.exec(path)?.[1];
    if (commit === undefined) return answer(404, { message: 'Not Found' });
    if (!repository.takesStatuses) return answer(403, { message: 'Resource not accessible' });
    repository.statuses.push({ commit, ...(JSON.parse(body) as Omit<SetStatus, 'commit'>) });
    return answer(201, {});
  });

  repository(name: string): Repository {
    const repository = this.#repositories.get(name) ?? new Repository();
    this.#repositories.set(name, repository);
    return repository;
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v3`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
