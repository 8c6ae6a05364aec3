import type { HostSettings } from './config.ts';

/**
 * Where a host's REST API is, without a slash at the end; undefined for CodeCommit, which is where the account is.
 * GitHub Enterprise Server, "REST API": `/api/v3`; GitHub Enterprise Cloud with data residency: a host of its own; GitLab, "REST API": `/api/v4`; Bitbucket Cloud, "REST API": one host
 * of its own; Gitea, "API Usage": `/api/v1`.
 */
export function apiUrlOf({ kind, url }: Pick<HostSettings, 'kind' | 'url'>): string | undefined {
  if (url === undefined) return undefined;
  switch (kind) {
    case 'github':
      return /^https:\/\/(github\.com|[\w-]+\.ghe\.com)$/i.test(url)
        ? url.replace('://', '://api.')
        : `${url}/api/v3`;
    case 'gitlab':
      return `${url}/api/v4`;
    case 'bitbucket':
      return url === 'https://bitbucket.org' ? 'https://api.bitbucket.org/2.0' : `${url}/2.0`;
    case 'gitea':
      return `${url}/api/v1`;
    case 'codecommit':
      return undefined;
  }
}
