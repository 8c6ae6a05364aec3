import type { HostKind } from '../host-kind.ts';
import type { Origin } from '../push/types.ts';
import type { HostSettings } from './config.ts';

/** Where each kind of host is unless a configuration says otherwise; Gitea has no such place. */
export const WELL_KNOWN: Readonly<Partial<Record<HostKind, string>>> = {
  github: 'https://github.com',
  gitlab: 'https://gitlab.com',
  bitbucket: 'https://bitbucket.org',
};

/** The repository that a configuration names, or why it names none. */
export type RepositoryFound = { origin: Origin } | { refused: string };

const NAME = /^[\w.-]+$/;
const CODECOMMIT = 'codecommit';

/**
 * Reads `github.com/acme/shop`, HOST/OWNER/NAME of one of `hosts`, or `codecommit/NAME`. GitLab's groups may have
 * groups in them: all but the last word are the owner.
 */
export function readRepository(text: string, hosts: readonly HostSettings[]): RepositoryFound {
  const [first = '', ...words] = bare(text).split('/');
  if (words.some((word) => !NAME.test(word) || /^\.+$/.test(word)))
    return {
      refused: 'it has a word that no repository has: letters, digits, ".", "_" and "-" may stand there',
    };
  const host = hosts.find((one) => addressOf(one) === first.toLowerCase());
  if (host === undefined) return { refused: unknownHost(first, hosts) };
  const repository = words.pop() ?? '';
  const owner = words.join('/');
  const fits =
    host.kind === 'codecommit'
      ? owner === '' && repository !== ''
      : owner !== '' && (words.length === 1 || host.kind === 'gitlab');
  if (!fits)
    return { refused: `it has to be ${first}/${host.kind === 'codecommit' ? 'NAME' : 'OWNER/NAME'}` };
  return { origin: { host: host.kind, owner, repository } };
}

/** What repositories of a host begin with: `github.com`, `git.example.com:3000`, `codecommit`. */
export function addressOf({ kind, url }: Pick<HostSettings, 'kind' | 'url'>): string {
  if (kind === 'codecommit' || url === undefined) return CODECOMMIT;
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, '')}`;
}

/** Without what people copy with it: a scheme, an end in `.git`, or SSH's `git@HOST:`. */
function bare(text: string): string {
  return text
    .replace(/^(https?|ssh):\/\/(git@)?/, '')
    .replace(/^git@([^:/]+):/, '$1/')
    .replace(/\.git$/, '');
}

function unknownHost(first: string, hosts: readonly HostSettings[]): string {
  const known = hosts.map(addressOf).join(', ');
  const wellKnown = [...Object.values(WELL_KNOWN).map((url) => new URL(url).host), CODECOMMIT];
  const add = wellKnown.includes(first.toLowerCase())
    ? ` (add it to hosts: { kind: '${kindOf(first.toLowerCase())}' })`
    : '';
  return `'${first}' is none of the hosts of this configuration, ${known}${add}`;
}

function kindOf(address: string): string {
  const found = Object.entries(WELL_KNOWN).find(([, url]) => new URL(url).host === address);
  return found?.[0] ?? CODECOMMIT;
}
