import type { Aws } from '../aws/types.ts';
import type { HostKind } from '../host-kind.ts';
import type { CheckOut, Remote } from './codecommit/remote.ts';
import type { Asked, Comment, CommitStatus, Head, Notice, Pull, Pushed, Repository } from './types.ts';
import type { Limits } from './unpack.ts';

/**
 * A git host, by what a deployment asks of it. One folder for each kind; forgeOf() makes one. Every method throws
 * FairleadError `source/refused`, `source/unreachable` and `source/rate-limited` (the last two temporary), and
 * `source/bad-redirect`.
 */
export interface Forge {
  readonly kind: HostKind;

  /** Where `branch` points now. */
  head(repository: Repository, branch: string): Promise<Head>;

  /**
   * Unpacks the files of `commit` into `directory`, which must exist and be empty. Answers what is left out.
   * @throws FairleadError `source/no-commit`, and what unpack() throws
   */
  download(repository: Repository, commit: string, directory: string, limits?: Limits): Promise<Notice[]>;

  /**
   * URL of the commit's archive (.tar.gz) with one folder around everything, for whoever fetches it by itself with the
   * host's token as `Authorization: Bearer`. Undefined where the host has no archives.
   */
  archiveUrl(repository: Repository, commit: string): string | undefined;

  /** Shows a status beside `commit`; one of the same commit is changed. */
  setStatus(repository: Repository, commit: string, status: CommitStatus): Promise<void>;

  /** The heads of all branches, by name: whole, or an error, as what is missing would be taken for gone. */
  branches(repository: Repository): Promise<Asked<ReadonlyMap<string, string>>>;

  /**
   * Branches that moved in the last day, with where they moved to; some may be told twice. A host that keeps no account
   * of pushes tells of the branches whose head was committed in that time.
   */
  pushedToday(repository: Repository): Promise<Asked<Pushed[]>>;

  /** `owner/name` as the host calls the repository today; undefined where it shows none. */
  currentName(repository: Repository): Promise<string | undefined>;

  /** Present where Fairlead makes previews of this kind of host's pull requests. */
  readonly pulls?: PullRequests;
}

/** What a host tells of pull requests, and takes below them. */
export interface PullRequests {
  one(repository: Repository, number: number): Promise<Asked<Pull>>;
  /** All open ones; of `branch` alone where one is given. */
  open(repository: Repository, branch?: string): Promise<Asked<Pull[]>>;
  /** Whether somebody, by their name on the host, may push to the repository. */
  mayPush(repository: Repository, login: string): Promise<boolean>;
  /** The oldest first. */
  comments(repository: Repository, number: number): Promise<Asked<Comment[]>>;
  /** Says something in the one comment that is ours, which is changed when there is one; `written` where that is news. */
  say(repository: Repository, number: number, text: string): Promise<'written' | 'said before' | 'absent'>;
}

/** How one host's API is reached. */
export interface Access {
  /** Without a slash at the end: `https://api.github.com`, `https://gitlab.com/api/v4`, `https://git.test/api/v1`. */
  apiUrl: string;
  /** Asked for at each request, so that a rotated token is taken up; one of a GitHub App is good for some repositories only. */
  token?: (repository: Repository) => Promise<string | undefined>;
  /** That the host did not take the token: asked for again, it is another one if there is one. */
  renew?: (repository: Repository) => void;
  /** Of CodeCommit: as whom AWS is asked. */
  aws?: Aws;
  /** Of CodeCommit: reads commits; absent for whoever reads none, as all of git comes with it. */
  checkOut?: (remote: Remote, what: CheckOut) => Promise<Notice[]>;
}
