import type { Listed } from '../../lib/ledger/listing.ts';
import type { Deploys } from '../../lib/push/installation.ts';
import { keyOfOrigin, nameOfOrigin } from '../../lib/push/origin.ts';
import type { Origin } from '../../lib/push/types.ts';

/** A repository, and the environments that it has by the ledger. */
export interface ToSweep {
  /** `github/acme/shop`: for people. */
  name: string;
  origin: Origin;
  environments: readonly Listed[];
}

/** What is looked at: repositories with environments, and listed ones that have none, whose first push may be lost. */
export function repositoriesOf(listed: readonly Listed[], { apps }: Pick<Deploys, 'apps'>): ToSweep[] {
  const found = new Map<string, ToSweep & { environments: Listed[] }>();
  const of = ({ host, owner, repository }: Origin) => {
    const origin = { host, owner, repository };
    const key = keyOfOrigin(origin);
    const known = found.get(key) ?? { name: nameOfOrigin(origin), origin, environments: [] };
    found.set(key, known);
    return known;
  };
  for (const one of listed) of(one.push).environments.push(one);
  for (const { repository } of apps) of(repository);
  return [...found.values()];
}
