import type { HostKind } from '../host-kind.ts';

/**
 * Base URL of the REST API of a host, by the URL that people see; undefined for CodeCommit, which is asked as AWS is.
 * @param url without a slash at its end: `https://github.com`, `https://git.example.com`
 */
export function apiUrlOf(kind: HostKind, url: string): string | undefined {
  switch (kind) {
    case 'github':
      // GitHub Enterprise Server, "REST API", has it below its own name.
      return url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`;
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
