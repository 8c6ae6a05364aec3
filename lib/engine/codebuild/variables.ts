import { cacheScope } from '../../build/cache/scope.ts';
import { boundedTag, CACHE_TAG_PREFIX } from '../../build/cache/tag.ts';
import { renderPlatform } from '../../image/platform.ts';
import { parseRepository } from '../../image/reference.ts';
import { isEcrHost } from '../../registry/ecr.ts';
import type { Mirrors } from '../../registry/mirrors.ts';
import { scopeTag } from '../cache.ts';
import type { RemoteJob } from '../types.ts';
import type { Variables } from './buildspec.ts';

/** What an installation lets builds use. */
export interface Surroundings {
  /** Base URL of the git host's REST API. */
  hostApiUrl: string;
  mirrors?: Mirrors;
  /** Registry hosts that speak plain HTTP. */
  insecure?: readonly string[];
}

/** The environment of one build. @throws FairleadError `image/bad-reference` */
export function variablesOf(
  { name, request, platform }: RemoteJob,
  { hostApiUrl, mirrors = {}, insecure = [] }: Surroundings,
): Variables {
  const { subject, repository, publishTo, environment, fence } = request;
  const hosts = [publishTo, ...Object.values(mirrors)]
    .map((prefix) => prefix.split('/')[0] ?? '')
    .filter(isEcrHost);
  const owner = encodeURIComponent(repository.owner);
  const commit = encodeURIComponent(subject.commit);
  return {
    FAIRLEAD_NAME: name,
    FAIRLEAD_ARCHIVE: `${hostApiUrl}/repos/${owner}/${encodeURIComponent(repository.name)}/tarball/${commit}`,
    FAIRLEAD_REPOSITORY: canonical(publishTo),
    FAIRLEAD_PLATFORM: renderPlatform(platform),
    FAIRLEAD_ENVIRONMENT: environment?.name ?? '',
    FAIRLEAD_FENCE: String(fence),
    ...cachesOf(canonical(publishTo), platform.architecture, cacheScope(environment)),
    FAIRLEAD_LOGINS: [...new Set(hosts)].join(' '),
    FAIRLEAD_BUILDKITD: Buffer.from(buildkitd(mirrors, insecure)).toString('base64'),
  };
}

/** Beside the images, under tags that may be moved there. A preview writes its own, and reads production's. */
function cachesOf(repository: string, architecture: string, scope: string | undefined) {
  const common = `${CACHE_TAG_PREFIX}buildkit-${architecture}`;
  if (scope === undefined) return { FAIRLEAD_CACHE: `${repository}:${common}`, FAIRLEAD_CACHE_BELOW: '' };
  const own = boundedTag(`${common}-${scopeTag(scope)}`);
  return { FAIRLEAD_CACHE: `${repository}:${own}`, FAIRLEAD_CACHE_BELOW: `${repository}:${common}` };
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
