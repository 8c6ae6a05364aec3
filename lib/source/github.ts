import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import * as z from 'zod/mini';
import { FairleadError } from '../errors.ts';
import { nameOf, pathOf, refused } from './ask.ts';
import { currentName, objectId } from './branches.ts';
import { say } from './comments.ts';
import { openPulls, type Pull, pull } from './pulls.ts';
import { type Api, request } from './request.ts';
import { setStatus } from './statuses.ts';
import type { CommitStatus, Head, Notice, Repository } from './types.ts';
import { type Limits, unpack } from './unpack.ts';

const reference = z.object({ object: z.object({ sha: objectId }) });

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

  /** `owner/name` as the host calls the repository today; undefined where it shows none. */
  async currentName(repository: Repository): Promise<string | undefined> {
    const found = await currentName(this.#api, repository);
    return found.is === 'found' ? found.value : undefined;
  }

  /** {@link setStatus} */
  async setStatus(repository: Repository, commit: string, status: CommitStatus): Promise<void> {
    await setStatus(this.#api, repository, commit, status);
  }

  /**
   * Where the commit stands that may be built of a fork's pull request: `found` while the pull request is open and its
   * head is `approved`; `gone` otherwise, since no other commit may take its place.
   * @throws FairleadError `source/refused`, and what {@link request} throws
   */
  async headOfFork(repository: Repository, number: number, approved: string): Promise<Head> {
    const found = await pull(this.#api, repository, number);
    const stands =
      found.is === 'found' && found.value.state === 'open' && found.value.head.commit === approved;
    return stands ? { is: 'found', commit: approved } : { is: 'gone' };
  }

  /** Whether a pull request is open. @throws FairleadError `source/refused`, and what {@link request} throws */
  async isOpen(repository: Repository, number: number): Promise<boolean> {
    const found = await pull(this.#api, repository, number);
    return found.is === 'found' && found.value.state === 'open';
  }

  /** Whether a pull request of the repository's own `branch` is open. @throws FairleadError as {@link isOpen} */
  async isProposed(repository: Repository, branch: string): Promise<boolean> {
    const pulls = await openPulls(this.#api, repository, branch);
    const isOfBranch = ({ head }: Pull) => head.from === 'branch' && head.branch === branch;
    return pulls.is === 'found' && pulls.value.some(isOfBranch);
  }

  /** {@link say}, below every open pull request of `branch`, or below `number`. */
  async sayBelow(repository: Repository, where: { branch: string } | { number: number }, text: string) {
    const numbers = 'number' in where ? [where.number] : await this.#pullsOf(repository, where.branch);
    for (const number of numbers) await say(this.#api, repository, number, text);
  }

  async #pullsOf(repository: Repository, branch: string): Promise<number[]> {
    const pulls = await openPulls(this.#api, repository, branch);
    return pulls.is === 'absent' ? [] : pulls.value.map(({ number }) => number);
  }
}
