import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import * as z from 'zod/mini';
import { FairleadError } from '../errors.ts';
import { type Api, type ApiRequest, request } from './request.ts';
import type { CommitStatus, Head, Notice, Repository } from './types.ts';
import { type Limits, unpack } from './unpack.ts';

const reference = z.object({ object: z.object({ sha: z.string().check(z.regex(/^[0-9a-f]{40,64}$/)) }) });

/** Nothing hangs on a status, and its caller's time is limited. */
export const STATUS_ATTEMPTS = 2;

/** The parts of GitHub's REST API that a deployment needs; GitHub Enterprise Server has the same. */
export class GitHub {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = { ...api, baseUrl: api.baseUrl.replace(/\/+$/, '') };
  }

  /**
   * Where `branch` points now ("Git references", Get a reference).
   * @throws FairleadError `source/refused`, and what {@link request} throws
   */
  async head(repository: Repository, branch: string): Promise<Head> {
    const asked = {
      path: `${pathOf(repository)}/git/ref/heads/${branch.split('/').map(encodeURIComponent).join('/')}`,
      operation: `reading the head of ${branch} of ${nameOf(repository)}`,
    };
    const response = await request(this.#api, asked);
    // 409 is what a repository without any commit gets.
    if (response.status === 404 || response.status === 409) {
      await response.body?.cancel();
      return { is: 'gone' };
    }
    if (!response.ok) throw await refused(response, this.#api, asked);
    const parsed = reference.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return { is: 'found', commit: parsed.data.object.sha };
    throw new FairleadError({
      code: 'source/refused',
      operation: asked.operation,
      place: `${this.#api.baseUrl}${asked.path}`,
      cause: 'the answer does not look like a git reference',
      remedy: 'check the base URL of the git host’s API',
    });
  }

  /**
   * Unpacks the files of `commit` into `directory`, which must exist and be empty ("Repository contents", Download a
   * repository archive (tar)). Answers what the archive leaves out.
   * @throws FairleadError `source/no-commit`, `source/refused`, and what {@link unpack} and {@link request} throw
   */
  async download(
    repository: Repository,
    commit: string,
    directory: string,
    limits?: Limits,
  ): Promise<Notice[]> {
    const asked = {
      path: `${pathOf(repository)}/tarball/${encodeURIComponent(commit)}`,
      operation: `downloading ${nameOf(repository)} at ${commit}`,
    };
    const response = await request(this.#api, asked);
    if (response.status === 404) {
      await response.body?.cancel();
      throw new FairleadError({
        code: 'source/no-commit',
        operation: asked.operation,
        cause: 'the git host does not have this commit any more',
        remedy: 'push the branch again, or let the configured token read the repository',
      });
    }
    if (!response.ok || response.body === null) throw await refused(response, this.#api, asked);
    return await unpack(
      Readable.fromWeb(response.body as ReadableStream),
      directory,
      asked.operation,
      limits,
    );
  }

  /**
   * Shows a status beside `commit` ("Commit statuses", Create a commit status).
   * @throws FairleadError `source/refused`, and what {@link request} throws
   */
  async setStatus(repository: Repository, commit: string, status: CommitStatus): Promise<void> {
    const asked = {
      method: 'POST' as const,
      path: `${pathOf(repository)}/statuses/${encodeURIComponent(commit)}`,
      operation: `setting the status of ${nameOf(repository)} at ${commit}`,
      attempts: STATUS_ATTEMPTS,
      body: {
        state: status.state,
        description: shorten(status.description, 140),
        context: 'fairlead',
        ...(status.targetUrl === undefined ? {} : { target_url: status.targetUrl }),
      },
    };
    const response = await request(this.#api, asked);
    if (!response.ok) throw await refused(response, this.#api, asked);
    await response.body?.cancel();
  }
}

const nameOf = ({ owner, name }: Repository) => `${owner}/${name}`;
const pathOf = ({ owner, name }: Repository) =>
  `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;

/** GitHub takes at most 140 characters. */
function shorten(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}

async function refused(response: Response, api: Api, asked: ApiRequest): Promise<FairleadError> {
  const body: unknown = await response.json().catch(() => undefined);
  const said = z.object({ message: z.string() }).safeParse(body);
  const credentials = response.status === 401 || response.status === 403;
  return new FairleadError({
    code: 'source/refused',
    operation: asked.operation,
    place: `${api.baseUrl}${asked.path}`,
    cause: `the git host answered ${response.status}${said.success ? `: ${shorten(said.data.message, 200)}` : ''}`,
    ...(credentials ? { remedy: 'check the token that is configured for it and its permissions' } : {}),
  });
}
