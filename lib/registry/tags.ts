import { repositoryOf } from '../image/reference.ts';
import { readUpTo } from './answer.ts';
import type { Call, Connection } from './connection.ts';
import { pullScope } from './scopes.ts';

const LARGEST_LIST = 1024 * 1024;

/** Registries answer with fewer where they want to. */
const MOST_TAGS = 1000;

/**
 * Some of a repository's tags, the first ones that the registry tells (OCI distribution specification, "Listing
 * Tags"). Asked once. Throws RegistryErrors.
 */
export async function listTags(connection: Connection, path: string, signal: AbortSignal): Promise<string[]> {
  const call: Call = {
    operation: `listing the tags of ${repositoryOf({ host: connection.host, path })}`,
    method: 'GET',
    url: connection.url(`${path}/tags/list?n=${MOST_TAGS}`),
    scopes: [pullScope(path)],
    expect: [200],
    signal,
  };
  const bytes = await readUpTo(LARGEST_LIST, await connection.call(call), call);
  const { tags } = JSON.parse(bytes.toString('utf8')) as { tags?: unknown };
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}
