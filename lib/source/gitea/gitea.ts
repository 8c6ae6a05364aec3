import * as z from 'zod/mini';
import { ask, askPages, headIn, nameOf, nextLink, objectId, segments, shorten, tell } from '../ask.ts';
import { downloadArchive } from '../download.ts';
import type { Access, Forge } from '../forge.ts';
import { type Api, apiOf, type Dialect, STATUS_ATTEMPTS } from '../request.ts';
import { isWithinDay } from '../today.ts';
import type { Asked, CommitStatus, Head, Notice, Pushed, Repository } from '../types.ts';
import type { Limits } from '../unpack.ts';

/** docs.gitea.com, "API Usage", "Authentication". */
export const DIALECT: Dialect = {
  host: 'Gitea',
  headers: { accept: 'application/json' },
  authorize: (token) => ({ authorization: `token ${token}` }),
};

const branch = z.object({
  name: z.string(),
  commit: z.object({ id: objectId, timestamp: z.optional(z.string()) }),
});

/** As Gitea's own limit (`MAX_RESPONSE_ITEMS`); one that is set to less gives less, and says what comes next. */
const PAGE = 50;

/** Longest description of a status that is shown whole. */
const LONGEST = 255;

/** The REST API, version 1, of Gitea and Forgejo (docs.gitea.com, "API"); for a renamed repository it redirects. */
export class Gitea implements Forge {
  readonly kind = 'gitea';
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** "repoGetBranch" */
  async head(repository: Repository, name: string): Promise<Head> {
    const asked = {
      path: `${pathOf(repository)}/branches/${segments(name)}`,
      operation: `reading the head of ${name} of ${nameOf(repository)}`,
    };
    return headIn(await ask(this.#api(repository), asked, branch), ({ commit }) => commit.id);
  }

  /** "repoGetArchive" */
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

  /** "repoCreateStatus", in GitHub's words. */
  async setStatus(repository: Repository, commit: string, status: CommitStatus): Promise<void> {
    const asked = {
      method: 'POST' as const,
      path: `${pathOf(repository)}/statuses/${segments(commit)}`,
      operation: `setting the status of ${nameOf(repository)} at ${commit}`,
      attempts: STATUS_ATTEMPTS,
      body: {
        state: status.state,
        context: 'fairlead',
        description: shorten(status.description, LONGEST),
        ...(status.targetUrl === undefined ? {} : { target_url: status.targetUrl }),
      },
    };
    await tell(this.#api(repository), asked);
  }

  async branches(repository: Repository): Promise<Asked<ReadonlyMap<string, string>>> {
    const listed = await this.#branches(repository);
    if (listed.is === 'absent') return listed;
    return { is: 'found', value: new Map(listed.value.map(({ name, commit }) => [name, commit.id])) };
  }

  async pushedToday(repository: Repository): Promise<Asked<Pushed[]>> {
    const listed = await this.#branches(repository);
    if (listed.is === 'absent') return listed;
    const today = listed.value.filter(({ commit }) => isWithinDay(commit.timestamp ?? ''));
    return { is: 'found', value: today.map(({ name, commit }) => ({ branch: name, commit: commit.id })) };
  }

  /** "repoGet" */
  async currentName(repository: Repository): Promise<string | undefined> {
    const asked = { path: pathOf(repository), operation: `looking for the repository ${nameOf(repository)}` };
    const told = await ask(this.#api(repository), asked, z.object({ full_name: z.string() }));
    return told.is === 'found' ? told.value.full_name : undefined;
  }

  /** "repoListBranches" */
  async #branches(repository: Repository) {
    const asked = {
      path: `${pathOf(repository)}/branches?limit=${PAGE}`,
      operation: `listing the branches of ${nameOf(repository)}`,
    };
    return await askPages(this.#api(repository), asked, z.array(branch), (items, headers) => ({
      items,
      next: nextLink(headers),
    }));
  }

  #api(repository: Repository): Api {
    return apiOf(this.#access, DIALECT, repository);
  }
}

export const pathOf = ({ owner, name }: Repository) => `/repos/${segments(`${owner}/${name}`)}`;

function archiveOf(repository: Repository, commit: string): string {
  return `${pathOf(repository)}/archive/${segments(commit)}.tar.gz`;
}
