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
  const said = plainRepository(text);
  const host = hosts.find((one) => `${said}/`.toLowerCase().startsWith(`${addressOf(one)}/`));
  if (host === undefined) return { refused: whyUnknown(said.split('/')[0] ?? '', hosts) };
  const address = addressOf(host);
  const words = said.slice(address.length + 1).split('/');
  if (words.some((word) => !NAME.test(word) || /^\.+$/.test(word)))
    return {
      refused: `${address}/ has to be followed by ${shapeOf(host.kind)}, of letters, digits, ".", "_", "-"`,
    };
  const repository = words.pop() ?? '';
  const owner = words.join('/');
  const isWhole =
    host.kind === 'codecommit'
      ? owner === ''
      : owner !== '' && (words.length === 1 || host.kind === 'gitlab');
  if (!isWhole) return { refused: `it has to be ${address}/${shapeOf(host.kind)}` };
  return { origin: { host: host.kind, owner, repository } };
}

function shapeOf(kind: HostKind): string {
  return kind === 'codecommit' ? 'NAME' : 'OWNER/NAME';
}

/** What repositories of a host begin with: `github.com`, `git.example.com:3000`, `codecommit`. */
export function addressOf({ kind, url }: Pick<HostSettings, 'kind' | 'url'>): string {
  if (kind === 'codecommit' || url === undefined) return CODECOMMIT;
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, '')}`;
}

/** Without what people copy with it: a scheme, an end in `.git`, or SSH's `git@HOST:`. */
export function plainRepository(text: string): string {
  return text
    .trim()
    .replace(/^(https?|ssh):\/\/([^@/]*@)?/, '')
    .replace(/^git@([^:/]+):/, '$1/')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}

/** What is at a well-known address; undefined for any other. */
export function kindOfHost(address: string): HostKind | undefined {
  if (address === CODECOMMIT) return CODECOMMIT;
  const found = Object.entries(WELL_KNOWN).find(([, url]) => new URL(url).host === address);
  return found?.[0] as HostKind | undefined;
}

function whyUnknown(first: string, hosts: readonly HostSettings[]): string {
  const known = hosts.map(addressOf).join(', ');
  const kind = kindOfHost(first.toLowerCase());
  const add = kind === undefined ? '' : ` (add it to hosts: { kind: '${kind}' })`;
  return `'${first}' is none of the hosts of this configuration, ${known}${add}`;
}
