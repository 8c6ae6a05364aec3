import type { HostKind } from '../host-kind.ts';
import type { Word } from './word.ts';

export type { HostKind };

/** A repository on a git host. */
export interface Origin {
  host: HostKind;
  /**
   * GitHub's and Gitea's user or organization, Bitbucket's workspace; on GitLab the path of the group, which may have
   * groups in it: `group/subgroup`. Empty on CodeCommit, which knows none.
   */
  owner: string;
  /** As it stands in URLs: people may call it something else. */
  repository: string;
}

/** That a ref of a repository moved, as a git host tells it. Only a hint: the branch's head is the truth. */
export interface RefUpdate extends Origin {
  /** Full name: `refs/heads/main`, `refs/tags/v1`. */
  ref: string;
  /**
   * Full object ids; all zeros in `before` of a ref that was created (or where the host does not say), in `after` of one
   * that was deleted.
   */
  before: string;
  after: string;
  /** The host's id of this event; the same when the host sends it again, another one for each ref of one event. */
  delivery: string;
}

/** An update of a branch that is deployed: what the deploy function is started with. */
export interface Push extends RefUpdate {
  /** DNS label, from the repository's name. */
  app: string;
  /** `ref` without `refs/heads/`; of a fork's pull request `pull/N/head`, which no branch of the repository is. */
  branch: string;
  environment: Place;
  /** The pull request that it belongs to, where that is known. */
  pullRequest?: number;
  /** ms since the epoch: when the host told of it; absent where it did not, and a sweep found it. */
  receivedAt?: number;
  /** Present where the commit is somebody else's: `after` may be built and nothing else, on the word of `approvedBy`. */
  fork?: { approvedBy: string };
}

/** Where a branch of an app runs. */
export interface Place {
  /** `production`, `preview-<branch>` */
  name: string;
  /** Of the cluster; a DNS label. */
  namespace: string;
}

/** That something happened to a pull request. */
export interface PullUpdate extends Origin {
  /** In GitHub's words: `opened`, `reopened`, `synchronize` (its head moved), `closed`, `labeled` … */
  action: string;
  number: number;
  /** `branch` is the name that the head's own repository calls it by. */
  head: { commit: string; branch: string; from: 'branch' | 'fork' };
  /** Of `labeled`. */
  label?: string;
  delivery: string;
}

/** That a person gave a word in the conversation of a pull request. */
export interface Spoken extends Origin {
  number: number;
  word: Word;
  by: string;
  /** What the one who spoke is to the repository, in GitHub's words: `OWNER`, `CONTRIBUTOR` … */
  association: string;
  delivery: string;
}

/** What a git host's request says, once it is known to come from there. */
export type HostEvent =
  /** One at least: Bitbucket sends one event for all refs of a push, the others one for each. */
  | { kind: 'push'; updates: readonly [RefUpdate, ...RefUpdate[]] }
  | { kind: 'pull-request'; update: PullUpdate }
  | { kind: 'word'; spoken: Spoken }
  /** Sent by GitHub when a webhook is set up. */
  | { kind: 'ping' }
  /** An event that Fairlead has no use for. */
  | { kind: 'other'; event: string }
  /** Not what the host's documentation says. `why` names the field. */
  | { kind: 'malformed'; why: string };

/** Header names in lower case, as Lambda function URLs and Node give them. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** How one kind of git host speaks: one folder each in `hosts/`. */
export interface Host {
  kind: HostKind;
  /** Whether a request with these headers claims to come from this kind of host. */
  speaks(headers: Headers): boolean;
  /**
   * Whether one of `secrets`, which no other kind of host has, signed the request. Every wrong signature takes the same
   * time. `now`: ms since the epoch, for a signature that grows old; the clock's when absent.
   */
  signedBy(secrets: readonly string[], headers: Headers, body: string, now?: number): Promise<boolean>;
  /** Never throws: what cannot be understood is `malformed`. */
  read(headers: Headers, body: string): HostEvent;
}
