import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { FairleadError } from '../errors.ts';
import { nameOf, refused } from './ask.ts';
import { type Api, type ApiRequest, request } from './request.ts';
import type { Notice, Repository } from './types.ts';
import type { Limits } from './unpack.ts';

/** A commit whose archive (.tar.gz) is at `path`. */
export interface Archived {
  repository: Repository;
  commit: string;
  /** From the API's base URL. */
  path: string;
}

/**
 * Unpacks an archive of a git host into `directory`, which must exist and be empty. Answers what it leaves out.
 * @throws FairleadError `source/no-commit`, `source/refused`, and what `unpack` and {@link request} throw
 */
export async function downloadArchive(
  api: Api,
  { repository, commit, path }: Archived,
  directory: string,
  limits?: Limits,
): Promise<Notice[]> {
  const asked = { path, operation: `downloading ${nameOf(repository)} at ${commit}` };
  const response = await request(api, asked);
  if (response.status === 404) {
    await response.body?.cancel();
    throw new FairleadError({
      code: 'source/no-commit',
      operation: asked.operation,
      cause: 'the git host does not have this commit any more',
      remedy: 'push the branch again, or let the configured token read the repository',
    });
  }
  if (!response.ok || response.body === null) throw await refused(response, api, asked);
  if (response.headers.get('content-type')?.startsWith('text/html')) throw await isPage(response, asked);
  const archive = Readable.fromWeb(response.body as ReadableStream);
  // Whoever only asks about branches does not have to load it.
  const { unpack } = await import('./unpack.ts');
  return await unpack(archive, directory, asked.operation, limits);
}

/** A site leads whoever it does not know to a page where people log in. */
async function isPage(response: Response, { operation }: ApiRequest): Promise<FairleadError> {
  await response.body?.cancel();
  return new FairleadError({
    code: 'source/refused',
    operation,
    cause: 'the git host answered with a page in place of an archive',
    remedy: 'check the token that is configured for it and its permissions',
  });
}
