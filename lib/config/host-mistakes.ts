import type { Mistake } from './mistake.ts';
import type { HostEntry } from './types.ts';

/** What is wrong with hosts: with their addresses, and with two of a kind. */
export function hostMistakes(hosts: readonly HostEntry[]): Mistake[] {
  return hosts.flatMap((host, at) => {
    const why = whyNoHost(host);
    const again = hosts.slice(0, at).some(({ kind }) => kind === host.kind);
    const wrong = why === undefined ? [] : [{ field: `hosts[${at}].${why.field}`, message: why.message }];
    return again
      ? [
          ...wrong,
          {
            field: `hosts[${at}]`,
            message: `there is another ${host.kind} above it, and one of a kind can be had`,
          },
        ]
      : wrong;
  });
}

function whyNoHost({ kind, url, access }: HostEntry): Mistake | undefined {
  if (access === 'app' && kind !== 'github')
    return { field: 'access', message: `${kind} has no GitHub Apps: leave it out, or take 'token'` };
  if (kind === 'codecommit')
    return url === undefined
      ? undefined
      : { field: 'url', message: 'CodeCommit is in the account: leave it out' };
  if (url === undefined)
    return kind === 'gitea'
      ? { field: 'url', message: 'is missing: where is it? https://git.example.com' }
      : undefined;
  const parsed = URL.parse(url);
  const loopback = parsed !== null && /^(127\..*|localhost|\[::1\])$/.test(parsed.hostname);
  if (parsed === null || !(parsed.protocol === 'https:' || (parsed.protocol === 'http:' && loopback)))
    return { field: 'url', message: `has to be a URL that begins with https://, and is '${url}'` };
  if (parsed.username !== '' || parsed.search !== '' || parsed.hash !== '')
    return { field: 'url', message: 'has to be a host, and perhaps a path: no user, no query' };
  if (kind === 'bitbucket' && parsed.hostname !== 'bitbucket.org' && !loopback)
    return { field: 'url', message: 'only Bitbucket Cloud, https://bitbucket.org, is known: leave it out' };
  return undefined;
}
