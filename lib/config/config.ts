import type { HostKind } from '../host-kind.ts';
import type { ListedApp } from '../push/installation.ts';
import type { ClusterEntry, ConfigFile, Endpoint, Thresholds } from './types.ts';

/** What a `ConfigFile` says, checked, with every default filled in. */
export interface Config {
  /** `any`: whoever knows the webhook's secret, from `main`, without previews. */
  apps: readonly ListedApp[] | 'any';
  /** One of a kind. */
  hosts: readonly HostSettings[];
  /** One set of stacks in each; where it is empty, in the region that the AWS profile names. */
  regions: readonly string[];
  cluster: Cluster;
  platform: NonNullable<ConfigFile['platform']>;
  engines: { microvm: boolean; codebuild: boolean };
  registry: { keepImages: number; scanning: 'on-push' | 'as-is'; mounting: boolean };
  alarms: Thresholds;
  notifications: { email: readonly string[]; topics: readonly string[] };
  budget?: { monthly: number; email: readonly string[] };
  logDays: number;
  concurrency: NonNullable<ConfigFile['concurrency']>;
}

/** A git host that repositories are on. */
export interface HostSettings {
  kind: HostKind;
  /** Base URL of what a person sees, without a slash at its end; absent for CodeCommit. */
  url?: string;
  /** How its API lets Fairlead in. */
  access: 'token' | 'app';
}

export type Cluster = NewCluster | ExistingCluster;

type LoadBalancers = NonNullable<ClusterEntry['loadBalancers']>;

export interface NewCluster {
  is: 'new';
  loadBalancers: LoadBalancers;
  version: string;
  endpoint: Endpoint;
  admins: readonly string[];
  natGateways: 1 | 2;
  /** Of all its regions; those of a region that has none here are its first two. */
  zones: readonly string[];
}

export interface ExistingCluster {
  is: 'existing';
  loadBalancers: LoadBalancers;
  name: string;
  endpoint: Endpoint;
  subnets: readonly string[];
  securityGroups: readonly string[];
  /** There where the endpoint is private. */
  vpc?: string;
}

/** What holds where a field is absent; docs/configuration.md says why. */
export const DEFAULTS = {
  apps: 'any',
  hosts: [{ kind: 'github', url: 'https://github.com', access: 'token' }],
  regions: [],
  cluster: {
    is: 'new',
    version: '1.35',
    endpoint: 'public-and-private',
    admins: [],
    natGateways: 2,
    zones: [],
    loadBalancers: 'internet-facing',
  },
  platform: 'linux/arm64',
  engines: { microvm: false, codebuild: true },
  registry: { keepImages: 100, scanning: 'on-push', mounting: true },
  alarms: { stuckAfter: 7200, refusedWebhooks: 10, buildTime: 900, queueAge: 300 },
  notifications: { email: [], topics: [] },
  logDays: 90,
  concurrency: 'set-apart',
} as const satisfies Config;
