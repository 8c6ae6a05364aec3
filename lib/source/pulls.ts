import * as z from 'zod/mini';
import { type Asked, ask, askAll, nameOf, pathOf } from './ask.ts';
import { objectId } from './branches.ts';
import type { Api } from './request.ts';
import type { Repository } from './types.ts';

/** A pull request as it is now. */
export interface Pull {
  number: number;
  state: 'open' | 'closed';
  /** `branch` is what the head's own repository calls it; another repository than ours when `from` is `fork`. */
  head: { commit: string; branch: string; from: 'branch' | 'fork' };
  /** ISO 8601: the last push, comment, label … */
  updatedAt: string;
}

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
