import { cacheScope } from '../../build/cache/scope.ts';
import { boundedTag, CACHE_TAG_PREFIX } from '../../build/cache/tag.ts';
import { renderPlatform } from '../../image/platform.ts';
import { parseRepository } from '../../image/reference.ts';
import type { Mirrors } from '../../registry/mirrors.ts';
import { repositoryUrl } from '../../source/codecommit/remote.ts';
import { forgeOf } from '../../source/forge-of.ts';
import type { Hosts } from '../../source/types.ts';
import { scopeTag } from '../cache.ts';
import { productionRepository } from '../repositories.ts';
import type { RemoteJob } from '../types.ts';
import type { Variables } from './buildspec.ts';

/** What an installation lets builds use. */
export interface Surroundings {
  hosts: Hosts;
  mirrors?: Mirrors;
  /** Registry hosts that speak plain HTTP. */
  insecure?: readonly string[];
}

/** Where a build finds what it logs in to registries with, and which ones those are. */
export interface LentLogin {
  table: string;
  name: string;
  hosts: readonly string[];
}

/** The environment of one build. @throws FairleadError `image/bad-reference`, `source/unknown-host` */
export function variablesOf(
  { name, request, platform }: RemoteJob,
  { hosts, mirrors = {}, insecure = [] }: Surroundings,
  lent: LentLogin = { table: '', name: '', hosts: [] },
): Variables {
  const { subject, repository, publishTo, environment, fence } = request;
  const forge = forgeOf(repository.host, hosts[repository.host]);
  const { [repository.host]: host } = hosts;
  const archive = forge.archiveUrl(repository, subject.commit);
  return {
    FAIRLEAD_NAME: name,
    FAIRLEAD_ARCHIVE: archive ?? '',
    FAIRLEAD_GIT: archive === undefined ? repositoryUrl(host?.apiUrl ?? '', repository) : '',
    FAIRLEAD_COMMIT: archive === undefined ? subject.commit : '',
    FAIRLEAD_REPOSITORY: canonical(publishTo),
    FAIRLEAD_PLATFORM: renderPlatform(platform),
    FAIRLEAD_ENVIRONMENT: environment?.name ?? '',
    FAIRLEAD_FENCE: String(fence),
    ...cachesOf(canonical(publishTo), platform.architecture, cacheScope(environment)),
    FAIRLEAD_LOGINS: lent.hosts.join(' '),
    FAIRLEAD_LENT: lent.name,
    FAIRLEAD_LENT_TABLE: lent.table,
    FAIRLEAD_BUILDKITD: Buffer.from(buildkitd(mirrors, insecure)).toString('base64'),
  };
}

/** Beside the images, under tags that may be moved there. A preview writes its own, and reads production's. */
function cachesOf(repository: string, architecture: string, scope: string | undefined) {
  const common = `${CACHE_TAG_PREFIX}buildkit-${architecture}`;
  if (scope === undefined) return { FAIRLEAD_CACHE: `${repository}:${common}`, FAIRLEAD_CACHE_BELOW: '' };
  const own = boundedTag(`${common}-${scopeTag(scope)}`);
  return {
    FAIRLEAD_CACHE: `${repository}:${own}`,
    FAIRLEAD_CACHE_BELOW: `${productionRepository(repository)}:${common}`,
  };
}

/** As a repository that was parsed: it has no comma, blank or anything else that a flag's value would end at. */
function canonical(repository: string): string {
  const { host, path } = parseRepository(repository);
  return `${host}/${path}`;
}

/**
 * BuildKit's configuration (docs/buildkitd.toml.md of moby/buildkit): the installation's mirrors and plain registries.
 * BuildKit knows no mirror of every registry, so that `*` is taken as docker.io's.
 */
export function buildkitd(mirrors: Mirrors, insecure: readonly string[]): string {
  const { '*': any, ...named } = mirrors;
  const all = { ...(any === undefined ? {} : { 'docker.io': any }), ...named };
  const tables = [
    ...Object.entries(all).map(([host, prefix]) => {
      const mirror = `${prefix.replace(/\/$/, '')}/${host}`;
      return `[registry.${quoted(host)}]\nmirrors = [${quoted(mirror)}]\n`;
    }),
    ...insecure.map((host) => `[registry.${quoted(host)}]\nhttp = true\n`),
  ];
  return tables.join('\n');
}

/** A basic string of TOML, whose escapes are those of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
