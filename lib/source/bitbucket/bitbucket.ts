import * as z from 'zod/mini';
import { FairleadError } from '../../errors.ts';
import { ask, askPages, headIn, nameOf, objectId, queryOf, segments, shorten, tell } from '../ask.ts';
import { downloadArchive } from '../download.ts';
import type { Access, Forge } from '../forge.ts';
import { type Api, apiOf, type Dialect, STATUS_ATTEMPTS } from '../request.ts';
import { isWithinDay } from '../today.ts';
import type { Asked, CommitStatus, Head, Notice, Pushed, Repository } from '../types.ts';
import type { Limits } from '../unpack.ts';

/**
 * developer.atlassian.com, Bitbucket Cloud REST API, "Authentication methods": an access token of a repository, a
 * project or a workspace by itself; a person's API token after their e-mail address, with a colon between them.
 */
export const DIALECT: Dialect = {
  host: 'Bitbucket',
  headers: { accept: 'application/json' },
  authorize: (token) => ({
    authorization: token.includes(':') ? `Basic ${Buffer.from(token).toString('base64')}` : `Bearer ${token}`,
  }),
};

/** How git is let in by an access token ("Using access tokens"): what the site takes that the API is not part of. */
const AS_GIT: Dialect = {
  ...DIALECT,
  authorize: (token) => DIALECT.authorize(token.includes(':') ? token : `x-token-auth:${token}`),
};

const branch = z.object({
  name: z.string(),
  target: z.object({ hash: objectId, date: z.optional(z.string()) }),
});
const page = z.object({ values: z.array(branch), next: z.optional(z.string()) });
const FIELDS = 'fields=next,values.name,values.target.hash,values.target.date';

const STATES = { pending: 'INPROGRESS', success: 'SUCCESSFUL', failure: 'FAILED', error: 'FAILED' } as const;

/** Of a build status' description; the API names no limit. */
const LONGEST = 255;

/** Bitbucket Cloud's REST API, version 2.0. Bitbucket Data Center has another one, and is not supported. */
export class Bitbucket implements Forge {
  readonly kind = 'bitbucket';
  readonly #access: Access;
  /** Where people see repositories, and archives are: `https://bitbucket.org`. */
  readonly #siteUrl: string;

  constructor(access: Access) {
    this.#access = access;
    this.#siteUrl = access.apiUrl
      .replace(/\/+$/, '')
      .replace(/\/2\.0$/, '')
      .replace('://api.', '://');
  }

  /** "Refs", Get a branch. */
  async head(repository: Repository, name: string): Promise<Head> {
    const asked = {
      path: `${pathOf(repository)}/refs/branches/${segments(name)}`,
      operation: `reading the head of ${name} of ${nameOf(repository)}`,
    };
    return headIn(await ask(this.#api(repository), asked, branch), ({ target }) => target.hash);
  }

  /**
   * The link that the site has for a download of a commit: the API has no archives. Whether the site takes a token as the
   * API does is not documented, so that it is shown it as git shows it, too: also where it says that there is nothing,
   * which is what hosts say of a private repository to whom they do not know.
   */
  async download(
    repository: Repository,
    commit: string,
    directory: string,
    limits?: Limits,
  ): Promise<Notice[]> {
    const access = { ...this.#access, apiUrl: this.#siteUrl };
    const archived = { repository, commit, path: archiveOf(repository, commit) };
    const from = (dialect: Dialect) =>
      downloadArchive(apiOf(access, dialect, repository), archived, directory, limits);
    try {
      return await from(DIALECT);
    } catch (error) {
      if (!(error instanceof FairleadError) || !/^source\/(refused|no-commit)$/.test(error.code)) throw error;
      return await from(AS_GIT);
    }
  }

  archiveUrl(repository: Repository, commit: string): string {
    return `${this.#siteUrl}${archiveOf(repository, commit)}`;
  }

  /** "Commit statuses", Create a build status for a commit: one with the same key is changed. A link is asked for. */
  async setStatus(repository: Repository, commit: string, status: CommitStatus): Promise<void> {
    const shown = `${this.#siteUrl}/${segments(nameOf(repository))}/commits/${segments(commit)}`;
    const asked = {
      method: 'POST' as const,
      path: `${pathOf(repository)}/commit/${segments(commit)}/statuses/build`,
      operation: `setting the status of ${nameOf(repository)} at ${commit}`,
      attempts: STATUS_ATTEMPTS,
      body: {
        key: 'fairlead',
        name: 'Fairlead',
        state: STATES[status.state],
        description: shorten(status.description, LONGEST),
        url: status.targetUrl ?? shown,
      },
    };
    await tell(this.#api(repository), asked);
  }

  /** "Refs", List open branches; "Pagination". */
  async branches(repository: Repository): Promise<Asked<ReadonlyMap<string, string>>> {
    const asked = {
      path: `${pathOf(repository)}/refs/branches?pagelen=100&${FIELDS}`,
      operation: `listing the branches of ${nameOf(repository)}`,
    };
    const listed = await askPages(this.#api(repository), asked, page, ({ values, next }) => ({
      items: values,
      next: next === undefined ? undefined : queryOf(next),
    }));
    if (listed.is === 'absent') return listed;
    return { is: 'found', value: new Map(listed.value.map(({ name, target }) => [name, target.hash])) };
  }

  /** The branches whose heads are the newest come first: it is read until there are older ones. */
  async pushedToday(repository: Repository): Promise<Asked<Pushed[]>> {
    const asked = {
      path: `${pathOf(repository)}/refs/branches?sort=-target.date&pagelen=100&${FIELDS}`,
      operation: `reading what was pushed to ${nameOf(repository)}`,
    };
    const listed = await askPages(this.#api(repository), asked, page, ({ values, next }) => {
      const items = values.filter(({ target }) => isWithinDay(target.date ?? ''));
      const goesOn = next !== undefined && items.length === values.length;
      return { items, next: goesOn ? queryOf(next) : undefined };
    });
    if (listed.is === 'absent') return listed;
    const value = listed.value.map(({ name, target }) => ({ branch: name, commit: target.hash }));
    return { is: 'found', value };
  }

  /** "Repositories", Get a repository. */
  async currentName(repository: Repository): Promise<string | undefined> {
    const asked = { path: pathOf(repository), operation: `looking for the repository ${nameOf(repository)}` };
    const told = await ask(this.#api(repository), asked, z.object({ full_name: z.string() }));
    return told.is === 'found' ? told.value.full_name : undefined;
  }

  #api(repository: Repository): Api {
    return apiOf(this.#access, DIALECT, repository);
  }
}

export const pathOf = (repository: Repository) => `/repositories/${segments(nameOf(repository))}`;

function archiveOf(repository: Repository, commit: string): string {
  return `/${segments(nameOf(repository))}/get/${segments(commit)}.tar.gz`;
}
