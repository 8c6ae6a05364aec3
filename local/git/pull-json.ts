import { OWNER, repositoryJson } from './payload.ts';
import type { Comment, PullEvent, PullRequest } from './pulls.ts';
import type { Repository } from './repositories.ts';

/** GitHub's pull request object, as far as deployment tools read it. */
export function pullJson(baseUrl: string, pull: PullRequest): Record<string, unknown> {
  const { number, title, state, by, base, head, labels, createdAt, updatedAt } = pull;
  const { html_url, url } = repositoryJson(baseUrl, base.repository);
  return {
    number,
    title,
    state,
    url: `${url}/pulls/${number}`,
    html_url: `${html_url}/pull/${number}`,
    user: userJson(by),
    author_association: associationOf(by),
    labels: labels.map((name) => ({ name })),
    head: {
      sha: head.commit,
      ref: head.branch,
      label: `${OWNER}:${head.branch}`,
      repo: repositoryJson(baseUrl, head.repository),
    },
    base: {
      ref: base.branch,
      label: `${OWNER}:${base.branch}`,
      repo: repositoryJson(baseUrl, base.repository),
    },
    created_at: createdAt,
    updated_at: updatedAt,
  };
}

export function commentJson(
  baseUrl: string,
  repository: Repository,
  { id, body, by, createdAt, updatedAt }: Comment,
): Record<string, unknown> {
  return {
    id,
    body,
    url: `${repositoryJson(baseUrl, repository).url}/issues/comments/${id}`,
    user: userJson(by),
    author_association: associationOf(by),
    created_at: createdAt,
    updated_at: updatedAt,
  };
}

/** The body of GitHub's event `pull_request`. */
export function pullPayload(baseUrl: string, { action, pull, label }: PullEvent): Record<string, unknown> {
  return {
    action,
    number: pull.number,
    pull_request: pullJson(baseUrl, pull),
    ...(label === undefined ? {} : { label: { name: label } }),
    repository: repositoryJson(baseUrl, pull.base.repository),
    sender: userJson(pull.by),
  };
}

/** The body of GitHub's event `issue_comment`: to it a pull request is an issue. */
export function commentPayload(
  baseUrl: string,
  pull: PullRequest,
  comment: Comment,
): Record<string, unknown> {
  const { url, html_url, number, title, state } = pullJson(baseUrl, pull);
  const { repository } = pull.base;
  return {
    action: 'created',
    issue: { number, title, state, html_url, pull_request: { url, html_url } },
    comment: commentJson(baseUrl, repository, comment),
    repository: repositoryJson(baseUrl, repository),
    sender: userJson(comment.by),
  };
}

function userJson(login: string) {
  return { login, type: 'User' };
}

/** Everything here belongs to one owner; everybody else is a stranger. */
function associationOf(login: string): string {
  return login === OWNER ? 'OWNER' : 'NONE';
}
