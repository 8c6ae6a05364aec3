import type { HostKind } from '../../../../lib/host-kind.ts';
import type { Answer, Asked } from './host-server.ts';

export interface Branch {
  name: string;
  commit: string;
  /** ISO 8601 */
  pushedAt: string;
}

/** What a host's documentation says about the requests that a deployment makes. */
export interface Kind {
  kind: Exclude<HostKind, 'codecommit'>;
  /** What the API's base URL ends with, and what the tests' repository is called. */
  api: string;
  owner: string;
  /** Header that carries the token `t0ken`. */
  token: readonly [name: string, value: string];
  /** Path of the repository, of a branch's head, of an archive, of a status; below the server. */
  repository: string;
  head(branch: string): string;
  archive(commit: string): string;
  status(commit: string): string;
  branch(branch: Branch): unknown;
  /** One page of `branches`, and where the next one is; `name` is what the host calls itself. */
  page(branches: readonly Branch[], asked: Asked, name: string): Answer;
  isList(asked: Asked): boolean;
  /** Answer to what is asked about the pushes of the last day. */
  pushes(branches: readonly Branch[]): unknown;
  named(owner: string, repository: string): unknown;
  /** What a status is sent as: pending, success, failure, error. */
  states: readonly string[];
}

function pathOf({ url }: Asked): string {
  return url.split('?')[0] ?? '';
}

function queryOf({ url }: Asked): URLSearchParams {
  return new URL(url, 'http://host').searchParams;
}

/** Pages by number; `size` is what this host gives at most. */
function slice<T>(all: readonly T[], asked: Asked, size: number) {
  const page = Number(queryOf(asked).get('page') ?? 1);
  const items = all.slice((page - 1) * size, page * size);
  return { items, next: page * size < all.length ? page + 1 : undefined };
}

const github: Kind = {
  kind: 'github',
  api: '/api/v3',
  owner: 'acme',
  token: ['authorization', 'Bearer t0ken'],
  repository: '/api/v3/repos/acme/web',
  head: (branch) => `/api/v3/repos/acme/web/git/ref/heads/${branch}`,
  archive: (commit) => `/api/v3/repos/acme/web/tarball/${commit}`,
  status: (commit) => `/api/v3/repos/acme/web/statuses/${commit}`,
  branch: ({ name, commit }) => ({ ref: `refs/heads/${name}`, object: { sha: commit, type: 'commit' } }),
  isList: (asked) => pathOf(asked).endsWith('/branches'),
  page: (branches, asked) => ({
    body: slice(branches, asked, 100).items.map(({ name, commit }) => ({ name, commit: { sha: commit } })),
  }),
  pushes: (branches) =>
    branches.map(({ name, commit, pushedAt }) => ({
      ...{ ref: `refs/heads/${name}`, after: commit },
      ...{ timestamp: pushedAt, activity_type: 'branch_creation' },
    })),
  named: (owner, name) => ({ full_name: `${owner}/${name}` }),
  states: ['pending', 'success', 'failure', 'error'],
};

const gitlab: Kind = {
  kind: 'gitlab',
  api: '/api/v4',
  owner: 'acme/retail',
  token: ['private-token', 't0ken'],
  repository: '/api/v4/projects/acme%2Fretail%2Fweb',
  head: (branch) =>
    `/api/v4/projects/acme%2Fretail%2Fweb/repository/branches/${branch.replaceAll('/', '%2F')}`,
  archive: (commit) => `/api/v4/projects/acme%2Fretail%2Fweb/repository/archive.tar.gz?sha=${commit}`,
  status: (commit) => `/api/v4/projects/acme%2Fretail%2Fweb/statuses/${commit}`,
  branch: ({ name, commit, pushedAt }) => ({ name, commit: { id: commit, committed_date: pushedAt } }),
  isList: (asked) => pathOf(asked).endsWith('/repository/branches'),
  // Keyset pagination: the next page is told by a token, in a header that may hold other links, too.
  page: (branches, asked, name) => {
    const size = 100;
    const from = Number(queryOf(asked).get('page_token') ?? 0);
    const next = `${name}/api/v4/projects/7/repository/branches?page_token=${from + size}&pagination=keyset&per_page=100`;
    const link = [
      `<${name}/x?page=0>; rel="first"`,
      ...(from + size < branches.length ? [`<${next}>; rel="next"`] : []),
    ];
    return { headers: { link: link.join(', ') }, body: branches.slice(from, from + size).map(gitlab.branch) };
  },
  pushes: (branches) =>
    branches.map(({ name, commit, pushedAt }) => ({
      ...{ action_name: 'pushed new', created_at: pushedAt },
      push_data: { ref_type: 'branch', ref: name, commit_to: commit, action: 'created' },
    })),
  named: (owner, name) => ({ id: 7, path_with_namespace: `${owner}/${name}` }),
  states: ['pending', 'success', 'failed', 'failed'],
};

const bitbucket: Kind = {
  kind: 'bitbucket',
  api: '/2.0',
  owner: 'acme',
  token: ['authorization', 'Bearer t0ken'],
  repository: '/2.0/repositories/acme/web',
  head: (branch) => `/2.0/repositories/acme/web/refs/branches/${branch}`,
  archive: (commit) => `/acme/web/get/${commit}.tar.gz`,
  status: (commit) => `/2.0/repositories/acme/web/commit/${commit}/statuses/build`,
  branch: ({ name, commit, pushedAt }) => ({
    type: 'branch',
    name,
    target: { hash: commit, date: pushedAt },
  }),
  isList: (asked) => pathOf(asked).endsWith('/refs/branches'),
  page: (branches, asked, name) => {
    const { items, next } = slice(branches, asked, 100);
    const more = next && { next: `${name}/2.0/repositories/acme/web/refs/branches?pagelen=100&page=${next}` };
    return { body: { pagelen: 100, values: items.map(bitbucket.branch), ...more } };
  },
  pushes: (branches) => ({ values: branches.map(bitbucket.branch) }),
  named: (owner, name) => ({ type: 'repository', full_name: `${owner}/${name}` }),
  states: ['INPROGRESS', 'SUCCESSFUL', 'FAILED', 'FAILED'],
};

const gitea: Kind = {
  kind: 'gitea',
  api: '/api/v1',
  owner: 'acme',
  token: ['authorization', 'token t0ken'],
  repository: '/api/v1/repos/acme/web',
  head: (branch) => `/api/v1/repos/acme/web/branches/${branch}`,
  archive: (commit) => `/api/v1/repos/acme/web/archive/${commit}.tar.gz`,
  status: (commit) => `/api/v1/repos/acme/web/statuses/${commit}`,
  branch: ({ name, commit, pushedAt }) => ({
    name,
    commit: { id: commit, timestamp: pushedAt },
    protected: false,
  }),
  isList: (asked) => pathOf(asked).endsWith('/branches'),
  // One whose administrator lets it give thirty at a time, whatever it is asked for.
  page: (branches, asked, name) => {
    const { items, next } = slice(branches, asked, 30);
    const link = `<${name}/api/v1/repos/acme/web/branches?limit=30&page=${next}>; rel="next",<${name}/x?page=9>; rel="last"`;
    const headers = { 'x-total-count': String(branches.length), ...(next && { link }) };
    return { headers, body: items.map(gitea.branch) };
  },
  pushes: (branches) => branches.map(gitea.branch),
  named: (owner, name) => ({ id: 21, full_name: `${owner}/${name}` }),
  states: ['pending', 'success', 'failure', 'error'],
};

export const KINDS = [github, gitlab, bitbucket, gitea];
