import * as z from 'zod/mini';
import { ask, nameOf, objectId } from '../ask.ts';
import type { Api } from '../request.ts';
import type { Asked, Pull, Repository } from '../types.ts';
import { askAll, pathOf } from './api.ts';

const pullRequest = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  updated_at: z.string(),
  head: z.object({
    sha: objectId,
    ref: z.string(),
    // Null when the fork was deleted.
    repo: z.nullish(z.object({ id: z.number() })),
  }),
  base: z.object({ repo: z.object({ id: z.number() }) }),
});

/** One pull request ("Pull requests", Get a pull request). */
export async function pull(api: Api, repository: Repository, number: number): Promise<Asked<Pull>> {
  const operation = `reading pull request ${number} of ${nameOf(repository)}`;
  const told = await ask(api, { path: `${pathOf(repository)}/pulls/${number}`, operation }, pullRequest);
  return told.is === 'absent' ? told : { is: 'found', value: pullOf(told.value) };
}

/** All open ones ("Pull requests", List pull requests); of `branch` alone where one is given. */
export async function openPulls(api: Api, repository: Repository, branch?: string): Promise<Asked<Pull[]>> {
  const operation = `listing the pull requests of ${nameOf(repository)}`;
  const head = branch === undefined ? '' : `&head=${encodeURIComponent(`${repository.owner}:${branch}`)}`;
  const path = `${pathOf(repository)}/pulls?state=open${head}`;
  const told = await askAll(api, { path, operation }, pullRequest);
  return told.is === 'absent' ? told : { is: 'found', value: told.value.map(pullOf) };
}

function pullOf({ number, state, head, base, updated_at }: z.output<typeof pullRequest>): Pull {
  const from = head.repo?.id === base.repo.id ? 'branch' : 'fork';
  return { number, state, head: { commit: head.sha, branch: head.ref, from }, updatedAt: updated_at };
}
