import type { HostKind } from '../host-kind.ts';
import type { LoadBalancerScheme } from '../load-balancer-scheme.ts';

/**
 * One installation, as `fairlead.config.ts` says it: every field but `apps` has a default. lib/config/check.ts makes a
 * {@link Config} of what a person wrote, or one error that names the field.
 */
export interface ConfigFile {
  apps: readonly AppEntry[] | 'any';
  hosts?: readonly HostEntry[];
  regions?: readonly string[];
  cluster?: ClusterEntry;
  platform?: 'linux/arm64' | 'linux/amd64';
  engines?: { microvm?: boolean; codebuild?: boolean };
  registry?: { keepImages?: number; scanning?: 'on-push' | 'as-is'; mounting?: boolean };
  alarms?: Partial<Thresholds>;
  notifications?: { email?: readonly string[]; topics?: readonly string[] };
  budget?: { monthly: number; email: readonly string[] };
  logDays?: number;
  /**
   * `set-apart` (default): functions that strangers reach get 60 of the account's 1,000 concurrent executions, and no
   * more. `shared`: for a new account, which has 10 in all until it asks AWS for more, and cannot set any apart.
   */
  concurrency?: 'set-apart' | 'shared';
}

/** One repository that is deployed. `'any'` in place of the list: whoever knows the webhook's secret, from `main`. */
export interface AppEntry {
  /** `github.com/acme/shop`; HOST/OWNER/NAME of one of `hosts`, `codecommit/NAME`. */
  repository: string;
  /** Names it where the repository's own name does not serve. */
  name?: string;
  /** Environment to branch; `{ production: 'main' }` when left out. */
  environments?: Readonly<Record<string, string>>;
  previews?: PreviewEntry;
}

/** lib/push/previews.ts says what is meant. */
export interface PreviewEntry {
  of: 'off' | 'branches' | 'pull-requests';
  branches?: readonly string[];
  /** `3d`, `12h` */
  ttl?: string;
  most?: number;
}

/** A place where repositories are. `[{ kind: 'github' }]` when left out. */
export interface HostEntry {
  kind: HostKind;
  /** Base URL of what a person sees, for a host of one's own: `https://git.example.com`. */
  url?: string;
  /** How its API lets Fairlead in: a token (default), or a GitHub App. */
  access?: 'token' | 'app';
}

/** Where apps run: a new cluster in Auto Mode, or one that is there. */
export type ClusterEntry = ClusterChoice & {
  /** From where the load balancers of apps are reached: from everywhere (default), or from their VPC alone. */
  loadBalancers?: LoadBalancerScheme;
};

type ClusterChoice =
  | {
      new: {
        /** Kubernetes' minor version, `1.35`. */
        version?: string;
        endpoint?: Endpoint;
        /** Who may administer it beside whoever installs it, as ARNs of roles or users. */
        admins?: readonly string[];
        /** One for both zones, or one in each. */
        natGateways?: 1 | 2;
        /** Two of each region whose first two will not do, by their names in this account: `us-east-1a`. */
        zones?: readonly string[];
      };
    }
  | {
      existing: {
        name: string;
        endpoint?: Endpoint;
        /** Of a private endpoint: where the function that rolls out gets its network interfaces. */
        subnets?: readonly string[];
        securityGroups?: readonly string[];
        vpc?: string;
      };
    };

/** From where the cluster's API is reached: `private` takes the function that rolls out into the VPC. */
export type Endpoint = 'public' | 'public-and-private' | 'private';

/** What wakes a person. */
export interface Thresholds {
  /** Seconds after which a deployment that has not ended counts as stuck. */
  stuckAfter: number;
  /** Webhooks refused in five minutes: a wrong secret, or somebody who guesses. */
  refusedWebhooks: number;
  /** Seconds that a build may take. */
  buildTime: number;
  /** Seconds that a push may wait before it is at work. */
  queueAge: number;
}
