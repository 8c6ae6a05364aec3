import { check } from '../../../lib/config/check.ts';
import { kindOfHost, plainRepository } from '../../../lib/config/repository.ts';
import type {
  ClusterEntry,
  ConfigFile,
  Endpoint,
  HostEntry,
  PreviewEntry,
} from '../../../lib/config/types.ts';
import { FairleadError } from '../../../lib/errors.ts';
import type { HostKind } from '../../../lib/host-kind.ts';

/** What `fairlead init` has to know; what is absent was not said. */
export interface Answers {
  /** `github.com/acme/shop`, in full. */
  repositories?: readonly string[];
  /** What runs where repositories are, if their names do not tell. */
  host?: HostKind;
  /** Of production. */
  branch?: string;
  /** Of an environment `staging`; none where it is empty. */
  staging?: string;
  /** Further environments, `qa=release`. */
  environments?: readonly string[];
  previews?: PreviewEntry['of'];
  regions?: readonly string[];
  /** `new`, or the name of one that is there. */
  cluster?: string;
  /** From where its API is reached. */
  endpoint?: Endpoint;
  /** Of a private endpoint of a cluster that is there. */
  vpc?: string;
  subnets?: readonly string[];
  securityGroups?: readonly string[];
  /** From where load balancers are reached. */
  loadBalancers?: NonNullable<ClusterEntry['loadBalancers']>;
  platform?: NonNullable<ConfigFile['platform']>;
  email?: readonly string[];
  /** US dollars a month; none where it is empty. */
  budget?: string;
}

/** The configuration that answers come to; what was not said is left to defaults. */
export function configOf(answers: Answers): ConfigFile {
  const { repositories = [], regions = [], platform, email = [], budget } = answers;
  const hosts = hostsOf(answers);
  return {
    apps: repositories.map((repository) => ({
      repository: plainRepository(repository),
      environments: environmentsOf(answers),
      previews: { of: answers.previews ?? 'off' },
    })),
    ...(hosts.length > 0 && { hosts }),
    ...(regions.length > 0 && { regions }),
    cluster: clusterOf(answers),
    ...(platform !== undefined && { platform }),
    ...(email.length > 0 && { notifications: { email } }),
    ...(budget && { budget: { monthly: Number(budget), email } }),
  };
}

function clusterOf(answers: Answers): ClusterEntry {
  const { cluster = 'new', loadBalancers = 'internet-facing' } = answers;
  const reach = reachOf(answers);
  return {
    ...(cluster === 'new' ? { new: reach } : { existing: { name: cluster, ...reach } }),
    ...(loadBalancers !== 'internet-facing' && { loadBalancers }),
  };
}

/** From where its API is reached, where that is not what is usual. */
function reachOf({ cluster = 'new', endpoint, vpc, subnets, securityGroups }: Answers) {
  const usual: Endpoint = cluster === 'new' ? 'public-and-private' : 'public';
  return {
    ...(endpoint !== undefined && endpoint !== usual && { endpoint }),
    ...(vpc !== undefined && { vpc }),
    ...(subnets !== undefined && { subnets }),
    ...(securityGroups !== undefined && { securityGroups }),
  };
}

/** As if what has not been asked for yet were answered: that it is not is no mistake. */
export function asIfAnswered(answers: Answers): Answers {
  const { vpc, subnets, securityGroups, endpoint } = answers;
  const isNamed = vpc !== undefined || subnets !== undefined || securityGroups !== undefined;
  const { cluster = isNamed ? 'apps' : 'new', repositories = ['github.com/acme/shop'] } = answers;
  const network =
    cluster !== 'new' && endpoint === 'private'
      ? { vpc: vpc ?? 'vpc-00000000', subnets: subnets ?? ['subnet-00000000'] }
      : {};
  return { ...answers, cluster, repositories, ...network };
}

/** What is wrong with answers so far, for the person who gave them; undefined where nothing is. */
export function faultOf(answers: Answers): string | undefined {
  try {
    check(configOf(asIfAnswered(answers)));
    return undefined;
  } catch (error) {
    if (error instanceof FairleadError)
      return `${error.fault.place?.split(': ')[1] ?? ''} ${error.fault.cause}`.trim();
    throw error;
  }
}

/** The address of a host that has to be told what it is; undefined where every repository's name says it. */
export function unknownHost({ repositories = [], host }: Answers): string | undefined {
  if (host !== undefined) return undefined;
  return repositories.map(addressIn).find((address) => kindOfHost(address) === undefined);
}

function environmentsOf({ branch = 'main', staging, environments = [] }: Answers): Record<string, string> {
  const named = environments.map((said): [string, string] => {
    const [name = '', ...rest] = said.split('=');
    return [name, rest.join('=')];
  });
  return { production: branch, ...(staging && { staging }), ...Object.fromEntries(named) };
}

/** GitHub alone is what holds without a word. */
function hostsOf({ repositories = [], host }: Answers): HostEntry[] {
  const entries = new Map<HostKind, HostEntry>();
  for (const address of repositories.map(addressIn)) {
    const known = kindOfHost(address);
    const kind = known ?? host;
    // What it is remains to be asked.
    if (kind === undefined) continue;
    const isElsewhere = known === undefined && address !== '';
    entries.set(kind, { kind, ...(isElsewhere && { url: `https://${address}` }) });
  }
  const only = [...entries.values()];
  return only.length === 1 && only[0]?.kind === 'github' && only[0].url === undefined ? [] : only;
}

function addressIn(repository: string): string {
  return plainRepository(repository).split('/')[0]?.toLowerCase() ?? '';
}
