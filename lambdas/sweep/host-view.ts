import { environmentOf, previewsFor, rulesFor, whyNoPreview } from '../../lib/push/installation.ts';
import { isPreview } from '../../lib/push/place.ts';
import type { Origin, Push } from '../../lib/push/types.ts';
import type { Standing } from '../../lib/push/upkeep.ts';
import type { Pull } from '../../lib/source/types.ts';
import { deploys, forgeOf, repositoryOf } from './services.ts';

/** A repository as its host shows it now. */
export interface HostView {
  heads: ReadonlyMap<string, string>;
  pulls: readonly Pull[];
}

/** Two or three requests, however many environments there are. Undefined where the host shows no such repository. */
export async function viewOf(origin: Origin): Promise<HostView | undefined> {
  const repository = repositoryOf(origin);
  const forge = forgeOf(origin);
  const heads = await forge.branches(repository);
  if (heads.is === 'absent') return undefined;
  if (previewsFor(deploys, origin).of === 'off' || forge.pulls === undefined)
    return { heads: heads.value, pulls: [] };
  const pulls = await forge.pulls.open(repository);
  return pulls.is === 'absent' ? undefined : { heads: heads.value, pulls: pulls.value };
}

/** What the head of an environment is, by what the host shows. */
export function standingOf(push: Push, view: HostView): Standing {
  const { app, environment, branch, fork, pullRequest, after } = push;
  const rules = rulesFor(deploys, push);
  const isDeployed = 'app' in rules && rules.app === app;
  if (!isPreview(environment)) {
    // What no configuration names any more is left as it is: whoever took it out may want it removed, or just left alone.
    const its = isDeployed ? rules.environments[environment.name] : undefined;
    const commit = its === undefined ? undefined : view.heads.get(its);
    return commit === undefined ? { is: 'unknown' } : { is: 'at', commit };
  }
  if (!isDeployed) return { is: 'gone', why: `the app ${app} is not deployed any more`, sure: true };
  const { previews } = rules;
  if (previews.of === 'off') return { is: 'gone', why: 'there are no previews any more' };
  if (fork !== undefined) {
    const open = view.pulls.find(({ number }) => number === pullRequest);
    if (open === undefined) return { is: 'gone', why: `pull request ${pullRequest} was closed` };
    // Newer commits wait for a word of their own, and what was approved cannot be built once they are there.
    return open.head.commit === after ? { is: 'at', commit: after } : { is: 'unknown' };
  }
  const named = environmentOf(rules, branch);
  if (named !== undefined) return { is: 'gone', why: `the branch ${branch} is ${named}`, sure: true };
  const unnamed = whyNoPreview(rules, branch);
  if (unnamed !== undefined) return { is: 'gone', why: unnamed, sure: true };
  const commit = view.heads.get(branch);
  if (commit === undefined) return { is: 'gone', why: `the branch ${branch} was deleted` };
  const wanted =
    previews.of === 'branches' ||
    view.pulls.some(({ head }) => head.from === 'branch' && head.branch === branch);
  return wanted ? { is: 'at', commit } : { is: 'gone', why: `no pull request of ${branch} is open` };
}
