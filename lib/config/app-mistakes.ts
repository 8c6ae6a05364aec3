import { appNameOf } from '../push/app-name.ts';
import { keyOfOrigin } from '../push/origin.ts';
import { whyNoEnvironment } from '../push/place.ts';
import { PULL_REQUEST_HOSTS } from '../push/previews.ts';
import type { HostSettings } from './config.ts';
import type { Mistake } from './mistake.ts';
import { readRepository } from './repository.ts';
import type { AppEntry } from './types.ts';

/** What is wrong with apps by themselves, and with two that take each other's place. */
export function appsMistakes(apps: readonly AppEntry[], hosts: readonly HostSettings[]): Mistake[] {
  const [names, repositories] = [new Map<string, number>(), new Map<string, number>()];
  return apps.flatMap((app, at): Mistake[] => {
    const field = `apps[${at}]`;
    const found = readRepository(app.repository, hosts);
    if ('refused' in found)
      return [
        { field: `${field}.repository`, message: `'${app.repository}' is no repository: ${found.refused}` },
      ];
    const { origin } = found;
    const named = appNameOf(app.name ?? origin.repository);
    if ('refused' in named)
      return [
        {
          field: `${field}.${app.name === undefined ? 'repository' : 'name'}`,
          message: `${named.refused}; give it a name`,
        },
      ];
    const key = keyOfOrigin(origin);
    const wrong = [
      ...taken(repositories, key, at, `${field}.repository`, `'${app.repository}' is deployed by`),
      ...(repositories.get(key) === at
        ? taken(
            names,
            named.name,
            at,
            `${field}.name`,
            `the app '${named.name}' is`,
            '; give one of them another name',
          )
        : []),
      ...environmentMistakes(app, named.name, field),
    ];
    if (app.previews?.of === 'pull-requests' && !PULL_REQUEST_HOSTS.includes(origin.host))
      wrong.push({
        field: `${field}.previews.of`,
        message: `previews of pull requests are there for ${PULL_REQUEST_HOSTS.join(' and ')}, and this is ${origin.host}: take 'branches'`,
      });
    return wrong;
  });
}

function taken(
  by: Map<string, number>,
  key: string,
  at: number,
  field: string,
  what: string,
  remedy = '',
): Mistake[] {
  const before = by.get(key);
  if (before !== undefined) return [{ field, message: `${what} apps[${before}] already${remedy}` }];
  by.set(key, at);
  return [];
}

function environmentMistakes({ environments }: AppEntry, app: string, field: string): Mistake[] {
  if (environments === undefined) return [];
  const entries = Object.entries(environments);
  if (entries.length === 0)
    return [
      { field: `${field}.environments`, message: "has to name one at least, like { production: 'main' }" },
    ];
  const branches = new Map<string, string>();
  return entries.flatMap(([name, branch]): Mistake[] => {
    const why = whyNoEnvironment(app, name);
    const other = branches.get(branch);
    branches.set(branch, name);
    if (why !== undefined) return [{ field: `${field}.environments.${name}`, message: why }];
    if (other === undefined) return [];
    return [
      {
        field: `${field}.environments.${name}`,
        message: `the branch '${branch}' is ${other}'s already: each needs one of its own`,
      },
    ];
  });
}
