import { appNameOf } from '../push/app-name.ts';
import type { ListedApp } from '../push/installation.ts';
import { NO_PREVIEWS, type Previews } from '../push/previews.ts';
import { type Cluster, type Config, DEFAULTS, type HostSettings } from './config.ts';
import { readRepository, WELL_KNOWN } from './repository.ts';
import type { AppEntry, ClusterEntry, ConfigFile, HostEntry, PreviewEntry } from './types.ts';
import { secondsOf } from './values.ts';

/** Fills in what a checked configuration leaves to defaults. */
export function complete(file: ConfigFile): Config {
  const { engines, registry, alarms, notifications } = DEFAULTS;
  const hosts = hostsOf(file);
  return {
    apps: file.apps === 'any' ? 'any' : file.apps.map((app) => appOf(app, hosts)),
    hosts,
    regions: file.regions ?? DEFAULTS.regions,
    cluster: clusterOf(file.cluster ?? { new: {} }),
    platform: file.platform ?? DEFAULTS.platform,
    engines: { ...engines, ...file.engines },
    registry: { ...registry, ...file.registry },
    alarms: { ...alarms, ...file.alarms },
    notifications: { ...notifications, ...file.notifications },
    ...(file.budget && { budget: file.budget }),
    logDays: file.logDays ?? DEFAULTS.logDays,
    concurrency: file.concurrency ?? DEFAULTS.concurrency,
  };
}

/** The hosts of a configuration, each with its address. */
export function hostsOf({ hosts }: Pick<ConfigFile, 'hosts'>): readonly HostSettings[] {
  return (hosts ?? DEFAULTS.hosts).map(hostOf);
}

function hostOf({ kind, url, access = 'token' }: HostEntry): HostSettings {
  const address = (url ?? WELL_KNOWN[kind])?.replace(/\/+$/, '');
  return { kind, ...(address !== undefined && { url: address }), access };
}

function appOf(
  { repository, name, environments, previews }: AppEntry,
  hosts: readonly HostSettings[],
): ListedApp {
  const found = readRepository(repository, hosts);
  if ('refused' in found) throw new Error(`unchecked: ${found.refused}`);
  const named = appNameOf(name ?? found.origin.repository);
  if ('refused' in named) throw new Error(`unchecked: ${named.refused}`);
  return {
    app: named.name,
    repository: found.origin,
    environments: environments ?? { production: 'main' },
    previews: previewsOf(previews),
  };
}

function previewsOf(said: PreviewEntry | undefined): Previews {
  if (said === undefined) return NO_PREVIEWS;
  const { of, branches, ttl, most } = said;
  return {
    ...NO_PREVIEWS,
    of,
    ...(branches && { branches }),
    ...(ttl !== undefined && { ttl: secondsOf(ttl) }),
    ...(most !== undefined && { most }),
  };
}

function clusterOf(said: ClusterEntry): Cluster {
  const { loadBalancers = DEFAULTS.cluster.loadBalancers } = said;
  if ('new' in said && said.new !== undefined) return { ...DEFAULTS.cluster, ...said.new, loadBalancers };
  if (!('existing' in said)) return { ...DEFAULTS.cluster, loadBalancers };
  const existing = { endpoint: 'public', subnets: [], securityGroups: [], ...said.existing } as const;
  return { is: 'existing', ...existing, loadBalancers };
}
