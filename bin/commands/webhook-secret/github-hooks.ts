import * as z from 'zod/mini';
import { FairleadError } from '../../../lib/errors.ts';
import { ask, refused } from '../../../lib/source/ask.ts';
import { askAll, DIALECT, pathOf } from '../../../lib/source/github/api.ts';
import { apiOf, request } from '../../../lib/source/request.ts';
import type { Repository } from '../../../lib/source/types.ts';

const hook = z.object({ id: z.int(), config: z.object({ url: z.optional(z.string()) }) });

/** What came of entering a secret: in how many webhooks, or why in none. */
export type Entered = { is: 'entered'; hooks: number } | { is: 'by-hand'; why: string };

/**
 * Enters `secret` in those webhooks of a repository that send to `url`, and in no others (GitHub REST API, "Repository
 * webhooks": List repository webhooks; "Repository webhook configuration": Update). The token needs the permission
 * "Webhooks: read and write" (classic: `admin:repo_hook`).
 */
export async function enterSecret(
  { apiUrl, token }: { apiUrl: string; token: string },
  repository: Repository,
  { url, secret }: { url: string; secret: string },
): Promise<Entered> {
  const api = apiOf({ apiUrl, token: async () => token }, DIALECT, repository);
  const path = `${pathOf(repository)}/hooks`;
  const operation = `entering the webhook's secret at ${repository.owner}/${repository.name}`;
  try {
    const listed = await askAll(api, { path, operation }, hook);
    if (listed.is === 'absent') return { is: 'by-hand', why: 'the token does not see its webhooks' };
    const ours = listed.value.filter(({ config }) => bare(config.url) === bare(url));
    if (ours.length === 0)
      return {
        is: 'by-hand',
        why: 'no webhook of the repository sends there: an organization’s, or an App’s?',
      };
    for (const { id } of ours) {
      const asked = { method: 'PATCH' as const, path: `${path}/${id}/config`, operation, body: { secret } };
      const response = await request(api, asked);
      if (!response.ok) throw await refused(response, api, asked);
      await response.body?.cancel();
      // Its answer is in the list of deliveries; nothing hangs on it.
      await ask(
        api,
        { method: 'POST', path: `${path}/${id}/pings`, operation, attempts: 1 },
        z.unknown(),
      ).catch(() => undefined);
    }
    return { is: 'entered', hooks: ours.length };
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    return { is: 'by-hand', why: error.fault.cause };
  }
}

function bare(url = ''): string {
  return url.replace(/\/+$/, '');
}
