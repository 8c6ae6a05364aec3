import * as z from 'zod/mini';
import { refused, shorten } from '../ask.ts';
import { type Api, request, STATUS_ATTEMPTS } from '../request.ts';
import type { CommitStatus } from '../types.ts';

/** GitLab takes at most 255 characters. */
const LONGEST = 255;

const STATES = { pending: 'pending', success: 'success', failure: 'failed', error: 'failed' } as const;

/** What GitLab says of a status that is there already: it moves from one state to another, or not at all. */
const ALREADY = /Cannot transition status/;

/** "Commits API", Set commit pipeline status. @throws FairleadError `source/refused`, and what request() throws */
export async function setStatus(
  api: Api,
  path: string,
  { operation, status }: { operation: string; status: CommitStatus },
): Promise<void> {
  const body = {
    state: STATES[status.state],
    name: 'fairlead',
    description: shorten(status.description, LONGEST),
    ...(status.targetUrl === undefined ? {} : { target_url: status.targetUrl }),
  };
  const asked = { method: 'POST' as const, path, operation, attempts: STATUS_ATTEMPTS, body };
  const response = await request(api, asked);
  if (!response.ok && !(await saysAlready(response.clone()))) throw await refused(response, api, asked);
  await response.body?.cancel();
}

async function saysAlready(response: Response): Promise<boolean> {
  if (response.status !== 400) return false;
  const said = z.object({ message: z.unknown() }).safeParse(await response.json().catch(() => undefined));
  return said.success && ALREADY.test(JSON.stringify(said.data.message));
}
