import { appNameOf } from './app-name.ts';
import { NO_PREVIEWS, type Previews } from './previews.ts';
import type { HostKind, Origin } from './types.ts';

/**
 * What an installation deploys, from where to where. The functions read it from a file, since a list of apps does not
 * fit into their environment.
 */
export interface Deploys {
  apps: readonly ListedApp[];
  /** What holds for repositories that are not listed; `ignored` where nothing of them is deployed. */
  others: Rules | 'ignored';
  hosts: readonly HostSettings[];
}

/** What holds for an app. */
export interface Rules {
  /** Name to branch; each branch stands at most once. */
  environments: Readonly<Record<string, string>>;
  previews: Previews;
}

export interface ListedApp extends Rules {
  /** DNS label; no two apps have one. */
  app: string;
  repository: Origin;
}

/** A git host that repositories are on: one of a kind. */
export interface HostSettings {
  kind: HostKind;
  /** Base URL of what a person sees, without a slash at its end; absent for CodeCommit. */
  url?: string;
  /** How its API lets Fairlead in. */
  access: 'token' | 'app';
}

/** An app, by what holds for it; or why its repository has none. */
export type RulesFound = ({ app: string } & Rules) | { refused: string };

/** Without a word of the installation: the branch `main` of whoever knows the webhook's secret. */
export const ANY_APP: Deploys = {
  apps: [],
  others: { environments: { production: 'main' }, previews: NO_PREVIEWS },
  hosts: [{ kind: 'github', url: 'https://github.com', access: 'token' }],
};

/** What holds for a repository. */
export function rulesFor({ apps, others }: Deploys, origin: Origin): RulesFound {
  const listed = apps.find(({ repository }) => isSame(repository, origin));
  if (listed !== undefined) return listed;
  if (others === 'ignored') return { refused: 'the repository is none of those that are deployed' };
  const named = appNameOf(origin.repository);
  if ('refused' in named) return { refused: `${named.refused}; rename the repository` };
  return { app: named.name, ...others };
}

/** What an app has of previews, by the repository that it is from; none where it is not deployed any more. */
export function previewsFor(deploys: Deploys, origin: Origin): Previews {
  const found = rulesFor(deploys, origin);
  return 'refused' in found ? NO_PREVIEWS : found.previews;
}

/** Hosts take a repository's name in any case, and tell it in one. */
function isSame(one: Origin, other: Origin): boolean {
  const nameOf = ({ owner, repository }: Origin) => `${owner}/${repository}`.toLowerCase();
  return one.host === other.host && nameOf(one) === nameOf(other);
}
