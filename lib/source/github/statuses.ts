import { nameOf, shorten, tell } from '../ask.ts';
import { type Api, STATUS_ATTEMPTS } from '../request.ts';
import type { CommitStatus, Repository } from '../types.ts';
import { pathOf } from './api.ts';

/** GitHub takes at most 140 characters. */
const LONGEST = 140;

/**
 * Shows a status beside `commit` ("Commit statuses", Create a commit status).
 * @throws FairleadError `source/refused`, and what {@link request} throws
 */
export async function setStatus(
  api: Api,
  repository: Repository,
  commit: string,
  status: CommitStatus,
): Promise<void> {
  const asked = {
    method: 'POST' as const,
    path: `${pathOf(repository)}/statuses/${encodeURIComponent(commit)}`,
    operation: `setting the status of ${nameOf(repository)} at ${commit}`,
    attempts: STATUS_ATTEMPTS,
    body: {
      state: status.state,
      description: shorten(status.description, LONGEST),
      context: 'fairlead',
      ...(status.targetUrl === undefined ? {} : { target_url: status.targetUrl }),
    },
  };
  await tell(api, asked);
}
