import { type Deploys, environmentOf, nameIn, type Rules, rulesFor, whyNoPreview } from './installation.ts';
import { type Placed, placeOf, previewOfBranch } from './place.ts';
import { admits } from './previews.ts';
import type { Remove } from './request.ts';
import type { Push, RefUpdate } from './types.ts';

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
  const ignore = (why: string): Decision => ({
    do: 'ignore',
    app: nameIn(deploys, update),
    ref: update.ref,
    why,
  });
  const rules = rulesFor(deploys, update);
  if ('refused' in rules) return ignore(rules.refused);
  const { app, previews } = rules;
  if (update.ref.startsWith('refs/tags/')) return ignore(`tags are not deployed, ${what(rules)}`);
  if (!update.ref.startsWith(BRANCHES)) return ignore(`no branch: ${what(rules)}`);
  const moved = update.ref.slice(BRANCHES.length);
  const gone = /^0+$/.test(update.after);
  const named = environmentOf(rules, moved);
  if (named !== undefined) {
    if (gone) return ignore('the branch was deleted; what runs is left as it is');
    return { do: 'deploy', push: { ...update, app, branch: moved, environment: placeOf(app, named) } };
  }
  if (previews.of === 'off') return ignore(`only ${branchesOf(rules)} deployed`);
  const unnamed = whyNoPreview(rules, moved);
  if (unnamed !== undefined) return ignore(unnamed);
  const placed = previewOfBranch(app, moved);
  if ('refused' in placed) return ignore(placed.refused);
  if (gone) return { do: 'remove', remove: removal(update, app, moved, placed) };
  if (previews.of === 'pull-requests') return ignore('a preview comes with a pull request of the branch');
  if (!admits(previews, moved))
    return ignore(`no preview: ${moved} is none of ${previews.branches.join(', ')}`);
  return { do: 'deploy', push: { ...update, app, branch: moved, environment: placed.place } };
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

function what(rules: Rules): string {
  switch (rules.previews.of) {
    case 'off':
      return branchesOf(rules);
    case 'branches':
      return `${branchesOf(rules)}, and others get previews`;
    case 'pull-requests':
      return `${branchesOf(rules)}, and pull requests get previews`;
  }
}

/** `the branch main is`, `the branches main and develop are` */
function branchesOf({ environments }: Rules): string {
  const branches = Object.values(environments);
  return branches.length === 1
    ? `the branch ${branches[0]} is`
    : `the branches ${branches.join(' and ')} are`;
}
