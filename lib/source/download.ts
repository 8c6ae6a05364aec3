import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { FairleadError } from '../errors.ts';
import { nameOf, refused } from './ask.ts';
import { type Api, request } from './request.ts';
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
  const archive = Readable.fromWeb(response.body as ReadableStream);
  // Whoever only asks about branches does not have to load it.
  const { unpack } = await import('./unpack.ts');
  return await unpack(archive, directory, asked.operation, limits);
}
