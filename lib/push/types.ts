/** That a ref of a repository moved, as a git host tells it. Only a hint: the branch's head is the truth. */
export interface RefUpdate {
  host: 'github';
  owner: string;
  repository: string;
  /** Full name: `refs/heads/main`, `refs/tags/v1`. */
  ref: string;
  /** Full object ids; all zeros in `before` of a ref that was created, in `after` of one that was deleted. */
  before: string;
  after: string;
  /** The host's id of this event; the same when the host sends it again. */
  delivery: string;
}

/** An update of a branch that is deployed: what the deploy function is started with. */
export interface Push extends RefUpdate {
  /** DNS label, from the repository's name. */
  app: string;
  /** `ref` without `refs/heads/`. */
  branch: string;
  environment: Place;
}

/** Where a branch of an app runs. */
export interface Place {
  /** `production`, `preview-<branch>` */
  name: string;
  /** Of the cluster; a DNS label. */
  namespace: string;
}

/** What a git host's request says, once it is known to come from there. */
export type HostEvent =
  | { kind: 'push'; update: RefUpdate }
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
