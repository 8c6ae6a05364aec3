/** A repository on a git host. */
export interface Repository {
  owner: string;
  name: string;
}

/** Where a branch points. */
export type Head =
  /** The commit's full object id. */
  | { is: 'found'; commit: string }
  /** The branch or the repository does not exist, or holds no commit yet. */
  | { is: 'gone' };

/** What a git host shows beside a commit (GitHub REST API, "Commit statuses", Create a commit status). */
export interface CommitStatus {
  state: 'pending' | 'success' | 'failure' | 'error';
  description: string;
  /** Where it leads: the service's address. */
  targetUrl?: string;
}

/** What a commit's archive does not hold, though the repository asks for it. One line each, for people. */
export type Notice = string;
