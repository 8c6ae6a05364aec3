import * as z from 'zod/mini';
import { ask, nameOf, objectId } from '../ask.ts';
import type { Api } from '../request.ts';
import type { Asked, Pushed, Repository } from '../types.ts';
import { askAll, pathOf } from './api.ts';

const branch = z.object({ name: z.string(), commit: z.object({ sha: objectId }) });

/** The heads of all branches, by name ("Branches", List branches); absent when there is no such repository. */
export async function branches(api: Api, repository: Repository): Promise<Asked<Map<string, string>>> {
  const operation = `listing the branches of ${nameOf(repository)}`;
  const listed = await askAll(api, { path: `${pathOf(repository)}/branches`, operation }, branch);
  if (listed.is === 'absent') return listed;
  return { is: 'found', value: new Map(listed.value.map(({ name, commit }) => [name, commit.sha])) };
}

/** `owner/name` as the host calls the repository today: another one when it was renamed ("Repositories", Get). */
export async function currentName(api: Api, repository: Repository): Promise<Asked<string>> {
  const operation = `looking for the repository ${nameOf(repository)}`;
  const told = await ask(api, { path: pathOf(repository), operation }, z.object({ full_name: z.string() }));
  return told.is === 'absent' ? told : { is: 'found', value: told.value.full_name };
}

const activity = z.object({
  ref: z.string(),
  after: z.string(),
  timestamp: z.string(),
  activity_type: z.string(),
});

/** Branches that moved in the last day, the newest first ("Repositories", List repository activities). */
export async function pushedToday(api: Api, repository: Repository): Promise<Asked<Pushed[]>> {
  const operation = `reading what was pushed to ${nameOf(repository)}`;
  const path = `${pathOf(repository)}/activity?time_period=day`;
  // Its pages are not numbered; the newest hundred are enough for a day's first pushes.
  const told = await ask(api, { path: `${path}&per_page=100`, operation }, z.array(activity));
  if (told.is === 'absent') return told;
  const moved = told.value.filter(({ activity_type: type }) =>
    ['push', 'force_push', 'branch_creation', 'pr_merge', 'merge_queue_merge'].includes(type),
  );
  const value = moved.flatMap(({ ref, after }) =>
    ref.startsWith('refs/heads/') ? [{ branch: ref.slice('refs/heads/'.length), commit: after }] : [],
  );
  return { is: 'found', value };
}
