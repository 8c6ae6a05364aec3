import { FairleadError } from '../../lib/errors.ts';
import { HOST_NAMES } from '../../lib/host-kind.ts';
import { pathOf } from '../../lib/push/origin.ts';
import type { Origin, Push } from '../../lib/push/types.ts';
import type { Head } from '../../lib/source/types.ts';
import { environment, forgeOf, headOf, renewAccess, repositoryOf } from './services.ts';

/**
 * Where the branch of a push is now, as headOf() has it: `gone` only where the host shows the repository. To a token that
 * may not see a repository, hosts answer as if there were none, and a deployment must not end in silence for that.
 * @throws FairleadError `source/not-seen`
 */
export async function seenHeadOf(push: Push): Promise<Head> {
  return await whereSeen(push, () => headOf(push));
}

/** What `look` answers: `gone` only where the host shows the repository. @throws FairleadError `source/not-seen` */
export async function whereSeen(origin: Origin, look: () => Promise<Head>): Promise<Head> {
  const head = await look();
  if (head.is === 'found' || (await isSeen(origin))) return head;
  // A token that was put in a moment ago: hosts say 404, and not 401, to the one before, which would be kept for minutes.
  renewAccess(origin);
  if (!(await isSeen(origin))) throw notSeen(origin);
  return await look();
}

async function isSeen(origin: Origin): Promise<boolean> {
  return (await forgeOf(origin).currentName(repositoryOf(origin))) !== undefined;
}

function notSeen(origin: Origin): FairleadError {
  const { host } = origin;
  const name = pathOf(origin);
  return new FairleadError({
    code: 'source/not-seen',
    operation: `looking for ${name}`,
    cause: `${HOST_NAMES[host]} shows ${whom(host)} no repository ${name}`,
    remedy: `${remedyOn(host)}; then push again, or run npx fairlead redeploy`,
  });
}

function whom(host: Origin['host']): string {
  const { tokenSecretId } = environment.hosts[host] ?? {};
  return tokenSecretId === undefined ? 'Fairlead' : 'the token';
}

function remedyOn(host: Origin['host']): string {
  const { tokenSecretId, access } = environment.hosts[host] ?? {};
  if (tokenSecretId === undefined) return 'see that it is there, and may be read';
  if (access === 'app') return `install the GitHub App whose key is in the secret ${tokenSecretId} on it`;
  return `put a token that may read it into the secret ${tokenSecretId} (docs/triggers.md)`;
}
