import type { HostKind } from '../host-kind.ts';

/** A repository on a git host. */
export interface Repository {
  /** Who it belongs to; on GitLab the path of its group, `group/subgroup`; empty on CodeCommit, which knows none. */
  owner: string;
  name: string;
}

/** Where a branch points. */
export type Head =
  /** The commit's full object id. */
  | { is: 'found'; commit: string }
  /** The branch or the repository does not exist, or holds no commit yet. */
  | { is: 'gone' };

/** What was asked for, or that the host has nothing there (or shows us nothing: it does not tell the two apart). */
export type Asked<T> = { is: 'found'; value: T } | { is: 'absent' };

/** A branch that was pushed or made. */
export interface Pushed {
  branch: string;
  commit: string;
}

/** What a git host shows beside a commit, in GitHub's words (GitHub REST API, "Commit statuses"). */
export interface CommitStatus {
  state: 'pending' | 'success' | 'failure' | 'error';
  description: string;
  /** Where it leads: the service's address. */
  targetUrl?: string;
}

/** A pull request as it is now. */
export interface Pull {
  number: number;
  state: 'open' | 'closed';
  /** `branch` is what the head's own repository calls it; another repository than ours when `from` is `fork`. */
  head: { commit: string; branch: string; from: 'branch' | 'fork' };
  /** ISO 8601: the last push, comment, label … */
  updatedAt: string;
}

/** What somebody wrote below a pull request. */
export interface Comment {
  id: number;
  body: string;
  by: string;
  /** What the author is to the repository, in GitHub's words: `OWNER`, `CONTRIBUTOR` … */
  association: string;
  /** Whether a program wrote it that the repository's owners have let in. */
  bot: boolean;
}

/** What a commit's archive does not hold, though the repository asks for it. One line each, for people. */
export type Notice = string;

/** One host of an installation. */
export interface HostSettings {
  /** Where its API is; CodeCommit's git. */
  apiUrl: string;
  /** Secrets Manager id of what lets Fairlead in, where it takes something. */
  tokenSecretId?: string;
  /** What that secret holds: a token, or the key of a GitHub App. `token` when absent. */
  access?: 'token' | 'app';
}

/** The hosts of an installation. */
export type Hosts = Readonly<Partial<Record<HostKind, HostSettings>>>;
