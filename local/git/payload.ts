import type { Git } from './git.ts';
import { type Commit, pushed } from './history.ts';
import type { Repository } from './repositories.ts';
import { isNone, type RefUpdate } from './updates.ts';

/** Whom all repositories belong to. */
export const OWNER = 'local';

const OWNER_JSON = { login: OWNER, name: OWNER, id: 1, type: 'User' };

/** The body of GitHub's `push` event (docs.github.com, "Webhook events and payloads"), one for each ref that moved. */
export async function pushPayload(
  git: Git,
  baseUrl: string,
  repository: Repository,
  update: RefUpdate,
  together: RefUpdate[],
): Promise<Record<string, unknown>> {
  const { ref, before, after } = update;
  const [{ commits, head }, forced] = await Promise.all([
    pushed(git, repository.directory, update, together),
    wasForced(git, repository.directory, update),
  ]);
  const told = repositoryJson(baseUrl, repository);
  return {
    ref,
    before,
    after,
    repository: told,
    // git names nobody to a server that asks nobody for a password.
    pusher: { name: OWNER, email: `${OWNER}@localhost` },
    sender: OWNER_JSON,
    created: isNone(before),
    deleted: isNone(after),
    forced,
    base_ref: null,
    compare: `${told.html_url}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: commits.map((commit) => commitJson(told.html_url, commit)),
    head_commit: head === undefined ? null : commitJson(told.html_url, head),
  };
}

/** GitHub's repository object, as far as deployment tools read it. */
export function repositoryJson(baseUrl: string, { name, id, parent }: Repository) {
  const html = `${baseUrl}/${name}`;
  return {
    id,
    name,
    full_name: `${OWNER}/${name}`,
    private: false,
    owner: OWNER_JSON,
    html_url: html,
    url: `${baseUrl}/api/v3/repos/${OWNER}/${name}`,
    clone_url: `${html}.git`,
    default_branch: 'main',
    fork: parent !== undefined,
  };
}

function commitJson(repositoryUrl: string, commit: Commit): Record<string, unknown> {
  const { name, email, date } = commit.author;
  return {
    id: commit.id,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: date,
    url: `${repositoryUrl}/commit/${commit.id}`,
    author: { name, email, date },
    committer: commit.committer,
    added: commit.added,
    removed: commit.removed,
    modified: commit.modified,
  };
}

/** Whether the ref left behind commits that it had. */
async function wasForced(git: Git, directory: string, { before, after }: RefUpdate): Promise<boolean> {
  if (isNone(before) || isNone(after)) return false;
  return (await git.output(directory, ['merge-base', '--is-ancestor', before, after])) === undefined;
}
