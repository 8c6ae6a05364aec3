import * as z from 'zod/mini';
import { ask, askPages, headIn, nameOf, nextLink, objectId, segments } from '../ask.ts';
import { downloadArchive } from '../download.ts';
import type { Access, Forge } from '../forge.ts';
import { type Api, apiOf, type Dialect } from '../request.ts';
import { isWithinDay } from '../today.ts';
import type { Asked, CommitStatus, Head, Notice, Pushed, Repository } from '../types.ts';
import type { Limits } from '../unpack.ts';
import { setStatus } from './status.ts';

/** docs.gitlab.com, "REST API authentication", "Personal, project and group access tokens". */
export const DIALECT: Dialect = {
  host: 'GitLab',
  headers: { accept: 'application/json' },
  authorize: (token) => ({ 'private-token': token }),
};

const branch = z.object({ name: z.string(), commit: z.object({ id: objectId }) });
const event = z.object({
  created_at: z.string(),
  push_data: z.optional(
    z.object({ ref_type: z.string(), ref: z.nullish(z.string()), commit_to: z.nullish(z.string()) }),
  ),
});

/**
 * GitLab's REST API, version 4, of GitLab.com and of one's own. A project is named by its path, URL-encoded as one
 * segment ("REST API", "Namespaced paths"); for one that was renamed GitLab redirects.
 */
export class GitLab implements Forge {
  readonly kind = 'gitlab';
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** "Branches API", Get single repository branch. */
  async head(repository: Repository, name: string): Promise<Head> {
    const asked = {
      path: `${pathOf(repository)}/repository/branches/${encodeURIComponent(name)}`,
      operation: `reading the head of ${name} of ${nameOf(repository)}`,
    };
    return headIn(await ask(this.#api(repository), asked, branch), ({ commit }) => commit.id);
  }

  /** "Repositories API", Get file archive. GitLab.com makes five a minute for one user. */
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

  async setStatus(repository: Repository, commit: string, status: CommitStatus): Promise<void> {
    await setStatus(this.#api(repository), `${pathOf(repository)}/statuses/${segments(commit)}`, {
      operation: `setting the status of ${nameOf(repository)} at ${commit}`,
      status,
    });
  }

  /** "Branches API", List repository branches; "REST API", Keyset-based pagination, or by offset on an older GitLab. */
  async branches(repository: Repository): Promise<Asked<ReadonlyMap<string, string>>> {
    const asked = {
      path: `${pathOf(repository)}/repository/branches?pagination=keyset&per_page=100`,
      operation: `listing the branches of ${nameOf(repository)}`,
    };
    const listed = await askPages(this.#api(repository), asked, z.array(branch), (items, headers) => ({
      items,
      next: nextLink(headers),
    }));
    if (listed.is === 'absent') return listed;
    return { is: 'found', value: new Map(listed.value.map(({ name, commit }) => [name, commit.id])) };
  }

  /** "Events API", List all visible events for a project. `after` is a day, and not itself among them. */
  async pushedToday(repository: Repository): Promise<Asked<Pushed[]>> {
    const after = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    const asked = {
      path: `${pathOf(repository)}/events?action=pushed&after=${after}&per_page=100`,
      operation: `reading what was pushed to ${nameOf(repository)}`,
    };
    // The newest hundred are enough for a day's first pushes.
    const told = await ask(this.#api(repository), asked, z.array(event));
    if (told.is === 'absent') return told;
    const value = told.value.flatMap(({ created_at: at, push_data: pushed }) =>
      pushed?.ref_type === 'branch' && pushed.ref && pushed.commit_to && isWithinDay(at)
        ? [{ branch: pushed.ref, commit: pushed.commit_to }]
        : [],
    );
    return { is: 'found', value };
  }

  /** "Projects API", Get a single project. */
  async currentName(repository: Repository): Promise<string | undefined> {
    const asked = {
      path: pathOf(repository),
      operation: `looking for the project ${nameOf(repository)}`,
    };
    const told = await ask(this.#api(repository), asked, z.object({ path_with_namespace: z.string() }));
    return told.is === 'found' ? told.value.path_with_namespace : undefined;
  }

  #api(repository: Repository): Api {
    return apiOf(this.#access, DIALECT, repository);
  }
}

export function pathOf(repository: Repository): string {
  return `/projects/${encodeURIComponent(nameOf(repository))}`;
}

function archiveOf(repository: Repository, commit: string): string {
  return `${pathOf(repository)}/repository/archive.tar.gz?sha=${encodeURIComponent(commit)}`;
}
