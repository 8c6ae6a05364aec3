import { appNameOf } from './app-name.ts';
import { type Placed, previewOfBranch, production } from './place.ts';
import { admits, type Previews } from './previews.ts';
import type { Remove } from './request.ts';
import type { Push, RefUpdate } from './types.ts';

/** What an installation deploys. */
export interface Deploys {
  /** The branch whose head is production. */
  branch: string;
  previews: Previews;
}

/** Why nothing is done. `app` is for people, and the repository's name where it makes no app. */
export interface Ignored {
  do: 'ignore';
  app: string;
  ref: string;
  why: string;
}

/** What to do about a ref that moved. */
export type Decision = { do: 'deploy'; push: Push } | { do: 'remove'; remove: Remove } | Ignored;

const BRANCHES = 'refs/heads/';

/** Decides what becomes of `update`. */
export function decide(update: RefUpdate, deploys: Deploys): Decision {
  const app = appNameOf(update.repository);
  const ignore = (why: string): Decision => ({ do: 'ignore', app: nameOf(update), ref: update.ref, why });
  const { branch, previews } = deploys;
  if (update.ref.startsWith('refs/tags/')) return ignore(`tags are not deployed, ${what(deploys)}`);
  if (!update.ref.startsWith(BRANCHES)) return ignore(`no branch: ${what(deploys)}`);
  const moved = update.ref.slice(BRANCHES.length);
  const gone = /^0+$/.test(update.after);
  if (moved !== branch && previews.of === 'off') return ignore(`only the branch ${branch} is deployed`);
  if ('refused' in app) return ignore(`${app.refused}; rename the repository`);
  if (moved === branch) {
    if (gone) return ignore('the branch was deleted; what runs is left as it is');
    return {
      do: 'deploy',
      push: { ...update, app: app.name, branch, environment: production(app.name) },
    };
  }
  const placed = previewOfBranch(app.name, moved);
  if ('refused' in placed) return ignore(placed.refused);
  if (gone) return { do: 'remove', remove: removal(update, app.name, moved, placed) };
  if (previews.of === 'pull-requests') return ignore('a preview comes with a pull request of the branch');
  if (!admits(previews, moved))
    return ignore(`no preview: ${moved} is none of ${previews.branches.join(', ')}`);
  return {
    do: 'deploy',
    push: { ...update, app: app.name, branch: moved, environment: placed.place },
  };
}

function removal(
  { host, owner, repository, delivery }: RefUpdate,
  app: string,
  branch: string,
  { place }: Extract<Placed, { place: unknown }>,
): Remove {
  return {
    do: 'remove',
    app,
    environment: place,
    reason: `the branch ${branch} was deleted`,
    delivery,
    unless: { host, owner, repository, branch },
  };
}

/** The app's name, or the repository's where that makes none. */
export function nameOf({ repository }: { repository: string }): string {
  const app = appNameOf(repository);
  return 'name' in app ? app.name : repository;
}

function what({ branch, previews }: Deploys): string {
  switch (previews.of) {
    case 'off':
      return `the branch ${branch} is`;
    case 'branches':
      return `the branch ${branch} is, and others get previews`;
    case 'pull-requests':
      return `the branch ${branch} is, and pull requests get previews`;
  }
}
