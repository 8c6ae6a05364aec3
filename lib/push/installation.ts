import { appNameOf } from './app-name.ts';
import { isSame } from './origin.ts';
import { NO_PREVIEWS, type Previews, PULL_REQUEST_HOSTS } from './previews.ts';
import type { Origin } from './types.ts';

/**
 * What an installation deploys, from where to where. The functions read it from a file, since a list of apps does not
 * fit into their environment.
 */
export interface Deploys {
  apps: readonly ListedApp[];
  /** What holds for repositories that are not listed; `ignored` where nothing of them is deployed. */
  others: Rules | 'ignored';
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

/** An app, by what holds for it; or why its repository has none. */
export type RulesFound = ({ app: string } & Rules) | { refused: string };

/** Without a word of the installation: the branch `main` of whoever knows the webhook's secret. */
export const ANY_APP = {
  apps: [],
  others: { environments: { production: 'main' }, previews: NO_PREVIEWS },
} satisfies Deploys;

/** What holds for a repository. */
export function rulesFor({ apps, others }: Deploys, origin: Origin): RulesFound {
  const listed = apps.find(({ repository }) => isSame(repository, origin));
  if (listed !== undefined) return listed;
  if (others === 'ignored') return { refused: 'the repository is none of those that are deployed' };
  const named = appNameOf(origin.repository);
  if ('refused' in named) return { refused: `${named.refused}; rename the repository` };
  const { environments, previews } = others;
  return { app: named.name, environments, previews: previewsOn(origin, previews) };
}

/** Where pull requests can have none, previews of pull requests are none; the configuration of a listed app says so itself. */
function previewsOn({ host }: Origin, previews: Previews): Previews {
  return previews.of === 'pull-requests' && !PULL_REQUEST_HOSTS.includes(host)
    ? { ...previews, of: 'off' }
    : previews;
}

/** The environment that runs `branch` by the configuration's word; undefined where it may have a preview at most. */
export function environmentOf(
  { environments }: Pick<Rules, 'environments'>,
  branch: string,
): string | undefined {
  return Object.entries(environments).find(([, its]) => its === branch)?.[0];
}

/**
 * Why a branch that no environment runs can have no preview all the same; undefined where it can. One that is called as
 * an environment would have its host name: `staging.shop.example.com`.
 */
export function whyNoPreview(
  { environments }: Pick<Rules, 'environments'>,
  branch: string,
): string | undefined {
  return Object.hasOwn(environments, branch) ? `no preview: an environment is called ${branch}` : undefined;
}

/** What is deployed, in a few words: `pushes to main`. */
export function inBrief({ apps, others }: Deploys): string {
  if (others !== 'ignored') return `pushes to ${Object.values(others.environments).join(' and ')}`;
  return apps.length === 1 ? 'pushes of one repository' : `pushes of ${apps.length} repositories`;
}

/** What people call an app: by its repository, where that makes none. */
export function nameIn(deploys: Deploys, origin: Origin): string {
  const found = rulesFor(deploys, origin);
  return 'app' in found ? found.app : origin.repository;
}

/** What an app has of previews, by the repository that it is from; none where it is not deployed any more. */
export function previewsFor(deploys: Deploys, origin: Origin): Previews {
  const found = rulesFor(deploys, origin);
  return 'refused' in found ? NO_PREVIEWS : found.previews;
}
