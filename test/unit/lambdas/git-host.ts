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
  /** Its one pull request; of a fork unless it is said to be of one of its own branches. */
  pull: { number: number; state: 'open' | 'closed'; sha: string; branch?: string } | undefined;
  readonly comments: { id: number; body: string; author_association: string }[] = [];
  /** Whether the token may see it at all. */
  seen = true;
  /** `owner/name` that it has been renamed to. */
  renamedTo: string | undefined;
}

/** GitHub's REST API for repositories that a test moves. */
export class GitHost {
  readonly #repositories = new Map<string, Repository>();
  readonly #server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
    const body = await text(request);
    const [, name = '', path = ''] = /^\/api\/v3\/repos\/acme\/([^/?]+)(.*)$/.exec(request.url ?? '') ?? [];
    const repository = this.repository(name);
    const fault = repository.faults.shift();
    if (fault !== undefined) return answer(fault, { message: 'scripted' });
    if (!repository.seen) return answer(404, { message: 'Not Found' });
    if (path.startsWith('/git/ref/heads/')) {
      if (repository.head === undefined) return answer(404, { message: 'Not Found' });
      return answer(200, { ref: 'refs/heads/main', object: { sha: repository.head, type: 'commit' } });
    }
    if (path === '') return answer(200, { full_name: repository.renamedTo ?? `acme/${name}` });
    const told = conversation(repository, request.method ?? '', path, body);
    if (told !== undefined) return answer(...told);
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

function conversation(
  { pull, comments }: Repository,
  method: string,
  path: string,
  body: string,
): [number, unknown] | undefined {
  if (pull === undefined) return undefined;
  const { number, state, sha, branch } = pull;
  const head = { sha, ref: branch ?? 'main', repo: { id: branch === undefined ? 2 : 1 } };
  const json = { number, state, updated_at: '2026-01-01T00:00:00Z', head, base: { repo: { id: 1 } } };
  if (path.startsWith('/pulls?')) return [200, state === 'open' ? [json] : []];
  if (path === `/pulls/${number}`) return [200, json];
  if (path.startsWith(`/issues/${number}/comments`) && method === 'GET') return [200, comments];
  const id = comments.length + 1;
  if (path === `/issues/${number}/comments`)
    comments.push({ id, body: (JSON.parse(body) as { body: string }).body, author_association: 'OWNER' });
  return path.startsWith('/issues/') ? [201, { id }] : undefined;
}
