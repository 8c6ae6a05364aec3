import type { Origin, Push } from '../../lib/push/types.ts';
import type { Standing } from '../../lib/push/upkeep.ts';
import { branches } from '../../lib/source/branches.ts';
import { openPulls, type Pull } from '../../lib/source/pulls.ts';
import { api, deploys, repositoryOf } from './services.ts';

/** A repository as its host shows it now. */
export interface HostView {
  heads: ReadonlyMap<string, string>;
  pulls: readonly Pull[];
}

/** Two or three requests, however many environments there are. Undefined where the host shows no such repository. */
export async function viewOf(origin: Origin): Promise<HostView | undefined> {
  const repository = repositoryOf(origin);
  const heads = await branches(api, repository);
  if (heads.is === 'absent') return undefined;
  if (deploys.previews.of === 'off') return { heads: heads.value, pulls: [] };
  const pulls = await openPulls(api, repository);
  return pulls.is === 'absent' ? undefined : { heads: heads.value, pulls: pulls.value };
}

/** What the head of an environment is, by what the host shows. */
export function standingOf(
  { environment, branch, fork, pullRequest, after }: Push,
  view: HostView,
): Standing {
  if (environment.name === 'production') {
    const commit = view.heads.get(deploys.branch);
    return commit === undefined ? { is: 'unknown' } : { is: 'at', commit };
  }
  if (deploys.previews.of === 'off') return { is: 'gone', why: 'there are no previews any more' };
  if (fork !== undefined) {
    const open = view.pulls.find(({ number }) => number === pullRequest);
    if (open === undefined) return { is: 'gone', why: `pull request ${pullRequest} was closed` };
    // Newer commits wait for a word of their own, and what was approved cannot be built once they are there.
    return open.head.commit === after ? { is: 'at', commit: after } : { is: 'unknown' };
  }
  const commit = view.heads.get(branch);
  if (commit === undefined) return { is: 'gone', why: `the branch ${branch} was deleted` };
  const wanted =
    deploys.previews.of === 'branches' ||
    view.pulls.some(({ head }) => head.from === 'branch' && head.branch === branch);
  return wanted ? { is: 'at', commit } : { is: 'gone', why: `no pull request of ${branch} is open` };
}
