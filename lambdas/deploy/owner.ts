import { HOST_NAMES } from '../../lib/host-kind.ts';
import { isSame } from '../../lib/push/origin.ts';
import type { Origin, Push } from '../../lib/push/types.ts';
import { forgeOf, owners, repositoryOf } from './services.ts';

/**
 * Why the app of a push is not its repository's; undefined where it is. An app, its namespaces and its images are named
 * after the repository, so that a second repository of the same name would take the place of the first: it is refused,
 * unless it is the first one under a new name.
 */
export async function whoseInstead(push: Push): Promise<string | undefined> {
  const owned = await owners.take(push.app, push);
  if (owned.is === 'ours') return undefined;
  if (await isRenamed(owned.by, push)) {
    await owners.hand(push.app, owned.by, push);
    return undefined;
  }
  const { host, owner, repository } = owned.by;
  const where = host === push.host ? '' : ` on ${HOST_NAMES[host]}`;
  return `the app ${push.app} is deployed from ${owner}/${repository}${where}: rename ${push.owner}/${push.repository} to deploy it too`;
}

/** Whether the app is another repository's than the one that asks for something to be done to it. */
export async function isOfAnother(app: string, asking: Origin): Promise<boolean> {
  const by = await owners.of(app);
  return by !== undefined && !isSame(by, asking) && !(await isRenamed(by, asking));
}

/** A host leads from a repository's old name to its new one. */
async function isRenamed(before: Origin, { host, owner, repository }: Origin): Promise<boolean> {
  if (before.host !== host) return false;
  const name = await forgeOf(before).currentName(repositoryOf(before));
  return name?.toLowerCase() === `${owner}/${repository}`.toLowerCase();
}
