import * as z from 'zod/mini';
import { FairleadError } from '../../errors.ts';
import { nameOf, objectId, refused, segments } from '../ask.ts';
import { downloadArchive } from '../download.ts';
import type { Access, Forge, PullRequests } from '../forge.ts';
import { type Api, apiOf, request } from '../request.ts';
import type { CommitStatus, Head, Notice, Repository } from '../types.ts';
import type { Limits } from '../unpack.ts';
import { DIALECT, pathOf } from './api.ts';
import { branches, currentName, pushedToday } from './branches.ts';
import { comments, say } from './comments.ts';
import { mayPush } from './permission.ts';
import { openPulls, pull } from './pulls.ts';
import { setStatus } from './statuses.ts';

const reference = z.object({ object: z.object({ sha: objectId }) });

/** The parts of GitHub's REST API that a deployment needs; GitHub Enterprise Server has the same. */
export class GitHub implements Forge {
  readonly kind = 'github';
  readonly pulls: PullRequests;
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
    this.pulls = {
      one: (repository, number) => pull(this.#api(repository), repository, number),
      open: (repository, branch) => openPulls(this.#api(repository), repository, branch),
      mayPush: (repository, login) => mayPush(this.#api(repository), repository, login),
      comments: (repository, number) => comments(this.#api(repository), repository, number),
      say: (repository, number, text) => say(this.#api(repository), repository, number, text),
    };
  }

  #api(repository: Repository): Api {
    return apiOf(this.#access, DIALECT, repository);
  }

  /** "Git references", Get a reference. */
  async head(repository: Repository, branch: string): Promise<Head> {
    const asked = {
      path: `${pathOf(repository)}/git/ref/heads/${segments(branch)}`,
      operation: `reading the head of ${branch} of ${nameOf(repository)}`,
    };
    const api = this.#api(repository);
    const response = await request(api, asked);
    // 409 is what a repository without any commit gets.
    if (response.status === 404 || response.status === 409) {
      await response.body?.cancel();
      return { is: 'gone' };
    }
    if (!response.ok) throw await refused(response, api, asked);
    const parsed = reference.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return { is: 'found', commit: parsed.data.object.sha };
    throw new FairleadError({
      code: 'source/refused',
      operation: asked.operation,
      place: `${api.baseUrl}${asked.path}`,
      cause: 'the answer does not look like a git reference',
      remedy: 'check the base URL of the git host’s API',
    });
  }

  /** "Repository contents", Download a repository archive (tar). */
  async download(
    repository: Repository,
    commit: string,
    directory: string,
    limits?: Limits,
  ): Promise<Notice[]> {
    const archived = { repository, commit, path: archiveOf(repository, commit) };
    return await downloadArchive(this.#api(repository), archived, directory, limits);
  }

  archiveUrl(repository: Repository, commit: string): string {
    return `${this.#api(repository).baseUrl}${archiveOf(repository, commit)}`;
  }

  async branches(repository: Repository) {
    return await branches(this.#api(repository), repository);
  }

  async pushedToday(repository: Repository) {
    return await pushedToday(this.#api(repository), repository);
  }

  async currentName(repository: Repository): Promise<string | undefined> {
    const found = await currentName(this.#api(repository), repository);
    return found.is === 'found' ? found.value : undefined;
  }

  async setStatus(repository: Repository, commit: string, status: CommitStatus): Promise<void> {
    await setStatus(this.#api(repository), repository, commit, status);
  }
}

function archiveOf(repository: Repository, commit: string): string {
  return `${pathOf(repository)}/tarball/${encodeURIComponent(commit)}`;
}
