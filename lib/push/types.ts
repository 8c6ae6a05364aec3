import type { Word } from './word.ts';

/** The kinds of git hosts that Fairlead knows. */
export type HostKind = 'github' | 'gitlab' | 'bitbucket' | 'gitea' | 'codecommit';

/** A repository on a git host. */
export interface Origin {
  host: HostKind;
  owner: string;
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
  /** The host's id of this event; the same when the host sends it again. */
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
  /** GitHub's: `opened`, `reopened`, `synchronize`, `closed`, `labeled` … */
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
  | { kind: 'push'; update: RefUpdate }
  | { kind: 'pull-request'; update: PullUpdate }
  | { kind: 'word'; spoken: Spoken }
  /** Sent when a webhook is set up. */
  | { kind: 'ping' }
  /** An event that Fairlead has no use for. */
  | { kind: 'other'; event: string }
  /** Not what the host's documentation says. `why` names the field. */
  | { kind: 'malformed'; why: string };

/** Header names in lower case, as Lambda function URLs and Node give them. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** How one kind of git host speaks: one file each in `hosts/`. */
export interface Host {
  /** For people: `GitHub`. */
  name: string;
  /** Whether a request with these headers claims to come from this kind of host. */
  speaks(headers: Headers): boolean;
  /** Whether one of `secrets` signed the request. Takes the same time for every wrong signature. */
  signedBy(secrets: readonly string[], headers: Headers, body: string): Promise<boolean>;
  /** Never throws: what cannot be understood is `malformed`. */
  read(headers: Headers, body: string): HostEvent;
}
