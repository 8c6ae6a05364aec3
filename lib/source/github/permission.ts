import * as z from 'zod/mini';
import { ask, nameOf } from '../ask.ts';
import type { Api } from '../request.ts';
import type { Repository } from '../types.ts';
import { pathOf } from './api.ts';

/** `maintain` is told as `write`, `triage` as `read`; of a public repository everybody has `read`. */
const answer = z.object({ permission: z.string() });

/** Whether somebody may push ("Repository collaborators", Get repository permissions for a user). */
export async function mayPush(api: Api, repository: Repository, login: string): Promise<boolean> {
  const operation = `asking whether ${login} may push to ${nameOf(repository)}`;
  const path = `${pathOf(repository)}/collaborators/${encodeURIComponent(login)}/permission`;
  const told = await ask(api, { path, operation }, answer);
  return told.is === 'found' && ['admin', 'write'].includes(told.value.permission);
}
