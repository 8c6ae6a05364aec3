import { findCommit } from '../refs.ts';
import { type Answer, type Call, notFound, ok, textOf } from '../rest-call.ts';
import type { Status } from '../statuses.ts';
import { sendTarball } from '../tarball.ts';

/** What all kinds of hosts answer alike, each at a place of its own. */

export async function sendArchive({ git, repository, response }: Call, revision: string) {
  const sha = await findCommit(git, repository.directory, revision);
  if (sha === undefined) return notFound();
  await sendTarball(git, repository, sha, response);
  return 'sent' as const;
}

export async function setStatus(
  { git, repository, statuses }: Call,
  revision: string,
  wanted: Pick<Status, 'state' | 'context'> & { target_url?: unknown; description?: unknown },
): Promise<Answer> {
  const sha = await findCommit(git, repository.directory, revision);
  if (sha === undefined) return notFound();
  const { state, context } = wanted;
  const target_url = textOf(wanted.target_url) ?? null;
  const description = textOf(wanted.description) ?? null;
  return {
    status: 201,
    body: statuses.add(repository.name, sha, { state, context, target_url, description }),
  };
}

/** In GitHub's words, whichever kind of host it is: for tests. */
export async function statusesOf({ git, repository, part, statuses }: Call): Promise<Answer> {
  const sha = await findCommit(git, repository.directory, part);
  return sha === undefined ? notFound() : ok(statuses.of(repository.name, sha));
}
